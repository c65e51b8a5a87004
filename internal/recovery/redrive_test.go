package recovery_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
	"allclear/internal/page"
	"allclear/internal/recovery"
	"allclear/internal/status"
	"allclear/internal/store"
)

// spoil overwrites every document of an incident and answers their paths.
func (w *world) spoil(id string) []string {
	w.t.Helper()
	paths := page.IncidentPaths(id)
	for _, path := range paths {
		info, err := w.bucket.Head(context.Background(), path)
		if err != nil {
			w.t.Fatalf("head %s: %v", path, err)
		}
		o := bucket.Object{Body: []byte("spoilt"), ContentType: "text/plain", Seq: info.Seq}
		if _, err := w.bucket.Bucket.Put(context.Background(), path, o, bucket.Condition{}); err != nil {
			w.t.Fatalf("put %s: %v", path, err)
		}
	}
	return paths
}

func (w *world) spoilt(paths []string) (n int) {
	w.t.Helper()
	for _, path := range paths {
		o, _, err := w.bucket.Get(context.Background(), path)
		if err != nil {
			w.t.Fatalf("get %s: %v", path, err)
		}
		if string(o.Body) == "spoilt" {
			n++
		}
	}
	return n
}

func TestARedriveRendersAgainExactlyWhatTheWindowNames(t *testing.T) {
	w := newWorld(t)
	earlier := w.post("api", status.MajorOutage)
	w.now = w.now.Add(time.Hour)
	window := recovery.Window{Since: w.now}
	inside := w.post("web", status.PartialOutage)
	window.Until = w.now
	w.now = w.now.Add(time.Hour)
	later := w.post("api", status.MajorOutage)
	w.publish()
	before := w.bucket.seq
	outside := append(w.spoil(earlier), w.spoil(later)...)
	within := w.spoil(inside)

	done, err := recovery.Redrive(t.Context(), w.store, window, nil, false)
	if err != nil || len(done) != 1 || len(done[0].Events) != 1 || done[0].Seq != before+1 {
		t.Fatalf("got %+v, %v, want one event and the next version", done, err)
	}
	if diff := cmp.Diff([]string{inside}, done[0].Touched.Incidents); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
	w.publish()
	if got := w.spoilt(within); got != 0 {
		t.Errorf("%d documents of the window are still spoilt", got)
	}
	if got := w.spoilt(outside); got != len(outside) {
		t.Errorf("%d of %d documents outside the window are spoilt, want all: nobody asked for them", got, len(outside))
	}
}

func TestADryRunAndAnEmptyWindowChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.post("api", status.MajorOutage)
	all := recovery.Window{Since: w.now.Add(-time.Hour), Until: w.now.Add(time.Hour)}
	before, _ := w.store.Page(t.Context(), pageID)
	done, err := recovery.Redrive(t.Context(), w.store, all, nil, true)
	if err != nil || len(done[0].Events) != 3 || done[0].Seq != 0 {
		t.Errorf("dry run: got %+v, %v, want the three events and no version", done, err)
	}
	done, err = recovery.Redrive(t.Context(), w.store, recovery.Window{Since: w.now.Add(time.Hour), Until: w.now.Add(2 * time.Hour)}, nil, false)
	if err != nil || len(done[0].Events) != 0 || done[0].Seq != 0 {
		t.Errorf("empty window: got %+v, %v, want nothing", done, err)
	}
	if after, _ := w.store.Page(t.Context(), pageID); after.Seq != before.Seq {
		t.Errorf("the page went from version %d to %d", before.Seq, after.Seq)
	}
	if _, err := recovery.Redrive(t.Context(), w.store, recovery.Window{Since: all.Until, Until: all.Since}, nil, false); err == nil {
		t.Error("a window that ends before it begins was taken")
	}
}

func TestARedriveOfMoreThanOneEventHoldsTakesSeveral(t *testing.T) {
	w := newWorld(t)
	var want []string
	for part := range 3 {
		var ids []string
		for n := range 1500 {
			ids = append(ids, fmt.Sprintf("id%d%09d", part, n))
		}
		want = append(want, ids...)
		w.commit(func(tx *store.Tx, _ *status.Configuration) error {
			tx.Record(status.Event{Type: status.Imported, Actor: operator, Touched: status.Touched{Incidents: ids, Months: []string{fmt.Sprintf("2026-0%d", part+1)}}})
			return nil
		})
	}
	before, _ := w.store.Page(t.Context(), pageID)
	done, err := recovery.Redrive(t.Context(), w.store, recovery.Window{Until: w.now.Add(time.Hour)}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	events, err := w.store.Events(t.Context(), pageID, before.Seq, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.Touched.Incidents...)
		if e.Notify || e.Actor.Name != "redrive" {
			t.Errorf("event %d: got author %q, notify %t", e.Seq, e.Actor.Name, e.Notify)
		}
	}
	slices.Sort(got)
	if len(events) != 3 || done[0].Seq != events[2].Seq {
		t.Errorf("got %d events up to version %d, want 3 up to the last", len(events), done[0].Seq)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
	if months := strings.Join(done[0].Touched.Months, " "); months != "2026-01 2026-02 2026-03" {
		t.Errorf("months: got %s", months)
	}
}
