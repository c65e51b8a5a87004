// Package publish brings the published documents up to date with the table. Its one protocol,
// CatchUp, serves the stream, the schedule and the first deployment alike: read what is
// published and what is true, render the difference, put it so that nobody ever sees an older
// version after a newer one or a link to what is not there. It does not know how documents look
// (internal/page) nor where they lie (internal/bucket).
package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"allclear/internal/bucket"
	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Publisher publishes pages. All fields but Logger are needed.
type Publisher struct {
	Store     *store.Store
	Bucket    bucket.Bucket
	PublicURL string    // where the documents are served, without a trailing slash
	Site      page.Site // the built site that HTML pages name
	Renderer  string    // changes when the same data would be rendered differently
	OneByOne  bool      // put documents one after another: for a bucket that is as quick as memory
	Logger    *slog.Logger
}

// Pointer is the document that says what is published. It is put last.
type Pointer struct {
	Page     string `json:"page"`
	Seq      int64  `json:"seq"`
	At       string `json:"at"`
	URL      string `json:"url"`
	Renderer string `json:"renderer"`
	First    string `json:"first_month"` // the oldest month that has a page
	Last     string `json:"last_month"`  // the month of At; later ones have a page where something is planned
	AllSeq   int64  `json:"all_seq"`     // of the last change that made every document out of date
}

// Result says what a publish did.
type Result struct {
	Seq     int64 // of the page, now published
	Puts    int   // documents written
	Skipped int   // documents that were there already, as new or newer
	Deleted int
}

// attempts bounds how often one call starts over because somebody else published meanwhile.
const attempts = 10

var errOvertaken = errors.New("a newer version is being published")

// CatchUp publishes what changed on a page since its published version, everything when nothing
// is published. It is harmless to call twice, at once or for nothing: the second call finds the
// published seq equal to the page's and does nothing, and each put is conditional on what is there.
func (p *Publisher) CatchUp(ctx context.Context, pageID string) (Result, error) {
	var result Result
	found := newDirty()
	for range attempts {
		err := p.attempt(ctx, pageID, found, &result)
		if err == nil {
			return result, nil
		}
		if !errors.Is(err, errOvertaken) {
			return result, fmt.Errorf("publish page %s: %w", pageID, err)
		}
	}
	return result, fmt.Errorf("publish page %s: %w", pageID, errOvertaken)
}

// attempt publishes one snapshot. found collects what is dirty, over all attempts of one call:
// what an earlier one may have put half has to be put again.
func (p *Publisher) attempt(ctx context.Context, pageID string, found *dirty, result *Result) error {
	pointer, pointerInfo, err := p.pointer(ctx, pageID)
	if err != nil {
		return err
	}
	var after status.Version
	if pointer != nil && found.empty() {
		after = pointer.version()
	}
	run := &run{Publisher: p, result: result, dirty: found}
	snapshot, err := p.Store.SnapshotAfter(ctx, pageID, after, func(s *status.Snapshot) error {
		if pointer == nil {
			found.everything = true
			return nil
		}
		if err := p.addEvents(ctx, found, pageID, pointer, s.Page.Seq); err != nil {
			return err
		}
		found.addShown(s)
		return run.load(ctx, s)
	})
	if err != nil {
		return err
	}
	if snapshot == nil {
		result.Seq = after.Seq
		return nil
	}
	result.Seq = snapshot.Page.Seq
	run.in = page.Input{Snapshot: snapshot, PublicURL: p.PublicURL, Site: p.Site}
	if err := run.documents(ctx, pointer); err != nil {
		return err
	}
	return run.point(ctx, pointer, pointerInfo)
}

// Pointer reads what is published of a page, nil for nothing.
func (p *Publisher) Pointer(ctx context.Context, pageID string) (*Pointer, error) {
	pointer, _, err := p.pointer(ctx, pageID)
	return pointer, err
}

func (p *Publisher) pointer(ctx context.Context, pageID string) (*Pointer, bucket.Info, error) {
	object, info, err := p.Bucket.Get(ctx, page.PathPointer)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, bucket.Info{}, nil
	}
	if err != nil {
		return nil, bucket.Info{}, fmt.Errorf("get pointer: %w", err)
	}
	return decodePointer(object.Body, pageID), info, nil
}

// decodePointer answers nil for a pointer that is spoilt or of another page: then everything is
// published and it is replaced.
func decodePointer(body []byte, pageID string) *Pointer {
	var pointer Pointer
	if json.Unmarshal(body, &pointer) != nil || pointer.Page != pageID || pointer.version().At.IsZero() {
		return nil
	}
	return &pointer
}

// version is what the pointer says was published.
func (p *Pointer) version() status.Version {
	at, err := time.Parse(time.RFC3339, p.At)
	if err != nil {
		return status.Version{}
	}
	return status.Version{Seq: p.Seq, At: at}
}

// point moves the pointer to the published version. Losing it to a newer version means that
// somebody else read the table later: start over.
func (r *run) point(ctx context.Context, old *Pointer, info bucket.Info) error {
	s := r.in.Snapshot
	first, last := span(s)
	next := Pointer{
		Page: s.Page.ID, Seq: s.Page.Seq, At: page.Timestamp(s.Page.At, time.UTC), URL: r.PublicURL, Renderer: r.Renderer,
		First: first, Last: last,
	}
	if old != nil {
		next.AllSeq, next.First = old.AllSeq, min(first, old.First)
	}
	if r.dirty.all || r.dirty.everything {
		next.AllSeq = s.Page.Seq
	}
	body, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encode pointer: %w", err)
	}
	object := bucket.Object{
		Body: append(body, '\n'), ContentType: "application/json", CacheControl: page.CacheShort, Seq: s.Page.Seq,
	}
	condition := bucket.Condition{Match: info.ETag, Absent: info.ETag == ""}
	_, err = r.Bucket.Put(ctx, page.PathPointer, object, condition)
	if errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict) || errors.Is(err, bucket.ErrNotFound) {
		return errOvertaken
	}
	if err != nil {
		return fmt.Errorf("put pointer: %w", err)
	}
	r.Logger.InfoContext(ctx, "published", "page", s.Page.ID, "sequence", s.Page.Seq, "puts", r.result.Puts, "skipped", r.result.Skipped)
	return nil
}
