package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/status"
)

// snapshotAttempts is how often a snapshot is read anew when the page changed meanwhile. After
// patientAttempts this process's own commits have to wait for it: else a program that writes
// without a pause would never be published.
const (
	snapshotAttempts = 20
	patientAttempts  = 2
)

var errChanging = errors.New("the page keeps changing")

// ErrBehind says that a page never had a version that was seen of it. A page does not go back by
// itself, so its data were restored, and nothing may be made of them before they are recovered.
var ErrBehind = errors.New("its data are older than what is published: run allclear recover")

// Snapshot reads a page at one version, in a number of queries that does not grow with its
// history. more, if given, reads further in the same version; it must not commit.
func (s *Store) Snapshot(ctx context.Context, page string, more func(*status.Snapshot) error) (*status.Snapshot, error) {
	return s.SnapshotAfter(ctx, page, status.Version{}, more)
}

// SnapshotAfter is Snapshot for who has a version already: when the page is at that version it
// reads no more than that and answers nil. A page that is older, or at a version of that
// number but of another moment, is ErrBehind.
func (s *Store) SnapshotAfter(ctx context.Context, page string, known status.Version, more func(*status.Snapshot) error) (*status.Snapshot, error) {
	for attempt := range snapshotAttempts {
		if attempt == patientAttempts {
			lock := s.pageLock(page)
			lock.Lock()
			defer lock.Unlock()
		}
		before, err := s.Page(ctx, page)
		if err != nil {
			return nil, err
		}
		if before.Seq < known.Seq || (before.Seq == known.Seq && !before.At.Equal(known.At)) {
			return nil, fmt.Errorf("read page %s at version %d after %d: %w", page, before.Seq, known.Seq, ErrBehind)
		}
		if before.Seq == known.Seq {
			return nil, nil //nolint:nilnil // nothing newer is no error and has no other sign
		}
		snapshot, err := s.read(ctx, before)
		if err != nil {
			return nil, err
		}
		if more != nil {
			if err := more(snapshot); err != nil {
				return nil, err
			}
		}
		after, err := s.Page(ctx, page)
		if err != nil {
			return nil, err
		}
		if after.Seq == before.Seq {
			return snapshot, nil
		}
	}
	return nil, fmt.Errorf("read page %s: %w", page, errChanging)
}

func (s *Store) read(ctx context.Context, page status.Page) (*status.Snapshot, error) {
	snapshot := &status.Snapshot{Page: page}
	var err error
	if snapshot.Configuration, err = s.Configuration(ctx, page.ID); err != nil {
		return nil, err
	}
	if snapshot.Incidents, _, err = s.Incidents(ctx, List{Page: page.ID, Kind: Realtime, Limit: status.NewestIncidents}); err != nil {
		return nil, err
	}
	if snapshot.Maintenances, _, err = s.Incidents(ctx, List{Page: page.ID, Kind: Maintenance, Limit: status.NewestIncidents}); err != nil {
		return nil, err
	}
	if snapshot.Open, err = s.Open(ctx, page.ID); err != nil {
		return nil, err
	}
	today := s.Now().In(page.Location())
	from := today.AddDate(0, 0, 1-status.UptimeDays).Format(status.DateLayout)
	if snapshot.Days, err = s.Days(ctx, page.ID, from, today.Format(status.DateLayout)); err != nil {
		return nil, err
	}
	if snapshot.First, err = s.first(ctx, page.ID); err != nil {
		return nil, err
	}
	return snapshot, nil
}

// Month reads the incidents or maintenances that are listed under a month "YYYY-MM" of the
// page's zone, newest first.
func (s *Store) Month(ctx context.Context, page status.Page, kind Kind, month string) ([]*status.Incident, error) {
	from, err := time.ParseInLocation("2006-01", month, page.Location())
	if err != nil {
		return nil, status.Invalidf("month", "must be YYYY-MM: %q", month)
	}
	to := time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, page.Location())
	incidents, _, err := s.Incidents(ctx, List{Page: page.ID, Kind: kind, From: from, To: to})
	return incidents, err
}
