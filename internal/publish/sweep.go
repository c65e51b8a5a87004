package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"allclear/internal/bucket"
	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Renew makes every document out of date when the renderer or the public address is another one
// than that of the published version. It is itself a change of the page, so that no two
// renderings share a version. Nothing published, or nothing different: nothing happens.
func (p *Publisher) Renew(ctx context.Context, pageID string) error {
	pointer, err := p.Pointer(ctx, pageID)
	if err != nil || pointer == nil || (pointer.Renderer == p.Renderer && pointer.URL == p.PublicURL) {
		return err
	}
	_, err = p.Store.Commit(ctx, pageID, func(tx *store.Tx) error {
		tx.Record(status.Event{
			Type: status.PageRendered, Actor: status.Actor{Kind: status.ActorSystem, Name: "publish"},
			Touched: status.Touched{All: true},
		})
		return nil
	})
	return err
}

// Heartbeat says in a tiny document that what is published was current just now. It says so only
// after reading that the published version is the page's; otherwise it stays silent and the page
// shows its age.
func (p *Publisher) Heartbeat(ctx context.Context, pageID string) error {
	current, err := p.Store.Page(ctx, pageID)
	if err != nil {
		return err
	}
	now := p.Store.Now()
	pointer, err := p.Pointer(ctx, pageID)
	if err != nil || pointer == nil || pointer.Seq != current.Seq {
		return err
	}
	body, err := json.Marshal(struct {
		Page        string `json:"page"`
		Seq         int64  `json:"seq"`
		GeneratedAt string `json:"generated_at"`
	}{pageID, current.Seq, page.Timestamp(now, time.UTC)})
	if err != nil {
		return fmt.Errorf("encode heartbeat: %w", err)
	}
	_, err = p.Bucket.Put(ctx, page.PathHeartbeat, bucket.Object{
		Body: append(body, '\n'), ContentType: "application/json", CacheControl: page.CacheShort, Seq: current.Seq,
	}, bucket.Condition{})
	if err != nil {
		return fmt.Errorf("put heartbeat: %w", err)
	}
	return nil
}

// The phases of a sweep, in order; a cursor is a phase and where it stands.
const (
	sweepIncidents    = ""
	sweepMaintenances = "maintenances"
	sweepMonths       = "months"
	sweepLists        = "lists"
	sweepOrphans      = "orphans"
)

// Sweep checks about n published documents' owners against the state, beginning at a cursor, and
// puts what is missing, spoilt or older than the last change that concerns it; documents without
// an owner are deleted. So what a lost
// invocation, a change of theme or a careless hand left behind is repaired in time. It answers
// the cursor to go on from, "" when it has been through.
func (p *Publisher) Sweep(ctx context.Context, pageID, cursor string, n int) (next string, repaired int, err error) {
	pointer, err := p.Pointer(ctx, pageID)
	if err != nil || pointer == nil {
		return "", 0, err
	}
	snapshot, err := p.Store.Snapshot(ctx, pageID, nil)
	if err != nil {
		return cursor, 0, err
	}
	if snapshot.Page.Seq != pointer.Seq {
		return cursor, 0, nil // CatchUp first
	}
	r := &run{Publisher: p, result: &Result{}, dirty: newDirty()}
	r.in = page.Input{Snapshot: snapshot, PublicURL: p.PublicURL, Site: p.Site}
	phase, after, _ := strings.Cut(cursor, " ")
	switch phase {
	case sweepMaintenances:
		next, err = r.sweepIncidents(ctx, store.Maintenance, after, n, pointer.AllSeq)
		next = follow(sweepMaintenances, next, sweepMonths)
	case sweepMonths:
		next, err = r.sweepMonths(ctx, after, n, pointer.AllSeq)
		next = follow(sweepMonths, next, sweepLists)
	case sweepLists:
		next, err = sweepOrphans, r.sweepLists(ctx)
	case sweepOrphans:
		if next, err = r.removeOrphans(ctx, after, orphansAtOnce); next != "" {
			next = sweepOrphans + " " + next
		}
	default:
		next, err = r.sweepIncidents(ctx, store.Realtime, after, n, pointer.AllSeq)
		next = follow(sweepIncidents, next, sweepMaintenances)
	}
	if errors.Is(err, errOvertaken) {
		return cursor, r.result.Puts, nil // somebody is publishing: next time
	}
	if err != nil {
		return cursor, r.result.Puts, fmt.Errorf("sweep page %s: %w", pageID, err)
	}
	return next, r.result.Puts, nil
}

// orphansAtOnce is one call's worth of a bucket's listing.
const orphansAtOnce = 1000

func follow(phase, after, nextPhase string) string {
	if after == "" {
		return nextPhase
	}
	return phase + " " + after
}

func (r *run) sweepLists(ctx context.Context) error {
	lists, err := page.Lists(r.in)
	if err != nil {
		return fmt.Errorf("render lists: %w", err)
	}
	return r.putLists(ctx, lists) // skips what has this version
}

func (r *run) sweepIncidents(ctx context.Context, kind store.Kind, after string, n int, allSeq int64) (string, error) {
	incidents, next, err := r.Store.Incidents(ctx, store.List{Page: r.in.Page.ID, Kind: kind, After: after, Limit: n})
	if err != nil {
		return "", err
	}
	var stale []*status.Incident
	for _, i := range incidents {
		old, err := r.stale(ctx, page.IncidentPaths(i.ID), max(i.Seq, allSeq))
		if err != nil {
			return "", err
		}
		if old {
			stale = append(stale, i)
		}
	}
	return next, r.putDetails(ctx, stale)
}

func (r *run) sweepMonths(ctx context.Context, after string, n int, allSeq int64) (string, error) {
	months := slices.DeleteFunc(slices.Sorted(slices.Values(page.Months(r.in))), func(m string) bool { return m < after })
	for i, month := range months {
		if i == n {
			return month, nil
		}
		old, err := r.stale(ctx, page.MonthPaths(month), allSeq)
		if err != nil || !old {
			if err != nil {
				return "", err
			}
			continue
		}
		if err := r.putMonth(ctx, month); err != nil {
			return "", err
		}
	}
	return "", nil
}

// stale tells whether one of some documents is missing or older than a version.
func (r *run) stale(ctx context.Context, paths []string, seq int64) (bool, error) {
	for _, path := range paths {
		info, err := r.Bucket.Head(ctx, path)
		if errors.Is(err, bucket.ErrNotFound) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("head %s: %w", path, err)
		}
		if info.Seq < max(seq, 1) {
			return true, nil
		}
	}
	return false, nil
}
