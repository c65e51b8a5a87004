package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allclear/internal/page"
	"allclear/internal/recovery"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

func quiet(string, int, int) {}

func (w *world) recover() recovery.Recovered {
	w.t.Helper()
	done, err := recovery.Recover(context.Background(), w.store, w.bucket, quiet)
	if err != nil || len(done) != 1 {
		w.t.Fatalf("recover: got %v, %v, want one page", done, err)
	}
	return done[0]
}

func TestAfterOldDataWerePutBackThePageSaysSoAtAHigherVersionAndGoesOn(t *testing.T) {
	w := newWorld(t)
	kept := w.post("api", status.MajorOutage)
	deleted := w.post("web", status.PartialOutage)
	w.resolve(kept)
	for range 60 { // so that the first is in no list of the newest any more
		w.resolve(w.post("web", status.Operational))
	}
	w.publish()
	old := w.backup()
	w.rename(kept, "Worse trouble")
	w.remove(deleted)
	lost := w.post("api", status.DegradedPerformance)
	w.publish()
	before := w.bucket.seq

	w.use(old)
	if _, err := w.publisher.CatchUp(t.Context(), pageID); !errors.Is(err, store.ErrBehind) {
		t.Errorf("publishing data that are older than what is published: got %v, want ErrBehind", err)
	}
	got := w.recover()
	if got.After.Seq <= before || got.After.FeedNumber <= got.Before.FeedNumber+1 || got.Gone != 1 {
		t.Errorf("got %+v, want a version over %d, unused feed numbers and one incident gone", got, before)
	}
	w.publish()
	if w.there(lost) || !w.there(deleted) || !w.there(kept) {
		t.Errorf("documents: lost %t, deleted later %t, kept %t; want no, yes, yes", w.there(lost), w.there(deleted), w.there(kept))
	}
	if diff := cmp.Diff(w.truth(), w.published(w.bucket)); diff != "" {
		t.Errorf("after one publish (-truth +published):\n%s", diff)
	}
	next := w.post("web", status.PartialOutage)
	w.publish()
	summary := func(documents map[string]string) string { return documents[page.PathSummary] }
	if got, want := summary(w.published(w.bucket)), summary(w.truth()); got != want || !w.there(next) {
		t.Errorf("after the next incident the summary is\n%s\nwant\n%s\nand its documents there: %t", got, want, w.there(next))
	}
}

func TestOldDataThatWereGoneOnWithBeforeTheRecoveryAreNoticed(t *testing.T) {
	for _, commits := range []int{1, 2, 3} { // up to one less than, as many as, and more than what is published
		w := newWorld(t)
		w.publish()
		old := w.backup()
		lost := []string{w.post("api", status.MajorOutage), w.post("web", status.MajorOutage)}
		w.publish()
		w.use(old)
		for range commits {
			w.post("web", status.PartialOutage)
		}
		if _, err := w.publisher.CatchUp(t.Context(), pageID); !errors.Is(err, store.ErrBehind) {
			t.Errorf("publishing after %d commits: got %v, want ErrBehind", commits, err)
		}
		w.recover()
		w.publish()
		if w.there(lost[0]) || w.there(lost[1]) {
			t.Errorf("after %d commits: what was lost is still there", commits)
		}
		if diff := cmp.Diff(w.truth(), w.published(w.bucket)); diff != "" {
			t.Errorf("after %d commits (-truth +published):\n%s", commits, diff)
		}
	}
}

func TestARecoveryIsQuietAndHasAnAuthor(t *testing.T) {
	w := newWorld(t)
	w.post("api", status.MajorOutage)
	w.publish()
	after := w.recover().After
	events, err := w.store.Events(t.Context(), pageID, after.Seq-1, 10)
	if err != nil || len(events) != 1 {
		t.Fatalf("got %d events, %v, want one", len(events), err)
	}
	if e := events[0]; e.Type != status.Recovered || e.Notify || e.Incident != "" || e.Actor.Name != "recover" || !e.Touched.All {
		t.Errorf("got %+v", e)
	}
}

func TestAClockThatIsBehindThePublishedTimeDoesNotTakeItBack(t *testing.T) {
	w := newWorld(t)
	old := w.backup()
	w.post("api", status.MajorOutage)
	w.publish()
	w.use(old)
	w.now = w.now.Add(-time.Hour)
	w.recover()
	w.publish() // the bucket holds that the published time ascends
}

func TestWhateverHappenedBeforeARestoreVisitorsNeverSeeThePastAndInTheEndTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		change := func() {
			states := status.ComponentStates()
			switch kind := rapid.SampledFrom([]string{"post", "resolve", "rename", "remove"}).Draw(t, "change"); {
			case kind == "post" || len(w.incidents) == 0:
				w.post(rapid.SampledFrom([]string{"api", "web"}).Draw(t, "component"), rapid.SampledFrom(states).Draw(t, "state"))
			case kind == "resolve":
				w.resolve(rapid.SampledFrom(w.incidents).Draw(t, "incident"))
			case kind == "rename":
				w.rename(rapid.SampledFrom(w.incidents).Draw(t, "incident"), fmt.Sprint("Trouble ", w.ids))
			default:
				w.remove(rapid.SampledFrom(w.incidents).Draw(t, "incident"))
			}
		}
		some := func(name string) {
			for range rapid.IntRange(0, 5).Draw(t, name) {
				change()
				w.bucket.calls, w.bucket.failAt = 0, rapid.IntRange(0, 40).Draw(t, "fault")
				if _, err := w.publisher.CatchUp(context.Background(), pageID); err != nil && !errors.Is(err, errFault) {
					t.Fatalf("publish: %v", err)
				}
				w.bucket.failAt = 0
			}
		}
		some("before")
		old, incidents := w.backup(), append([]string{}, w.incidents...)
		some("after")
		if rapid.Bool().Draw(t, "in place") {
			w.use(old)
			w.recover()
		} else {
			w.table.writes, w.table.failAt = 0, rapid.IntRange(0, 4).Draw(t, "failing write")
			if _, err := w.restore(old); err != nil && !errors.Is(err, errFault) {
				t.Fatalf("restore: %v", err)
			}
			w.table.failAt = 0
			if _, err := w.restore(old); err != nil { // also when nothing failed: twice is harmless
				t.Fatalf("restore again: %v", err)
			}
		}
		w.incidents = incidents
		some("then")
		w.publish()
		w.sweep()
		if diff := cmp.Diff(w.truth(), w.published(w.bucket)); diff != "" {
			t.Fatalf("(-truth +published):\n%s", diff)
		}
	})
}

func TestWhatARestoreCutApartIsMended(t *testing.T) {
	w := newWorld(t)
	id := w.post("api", status.MajorOutage)
	w.publish()
	// Half of a transaction that moved the incident: its old place and the references are of
	// before, the new place is missing.
	partition := store.PagePartition(pageID)
	for _, item := range w.items(w.table, partition) {
		if item.Sort == "REF#"+id || item.Sort == "OPEN#"+id {
			item.Attributes["key"] = "INCIDENT#2030-01-01T00:00:00.000Z#" + id
			if err := w.table.Write(t.Context(), table.Put(item)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.store.Incident(t.Context(), pageID, id); err == nil {
		t.Fatal("the reference still names something")
	}
	if got := w.recover(); got.Mended != 2 {
		t.Errorf("got %d items mended, want 2", got.Mended)
	}
	w.publish()
	if diff := cmp.Diff(w.truth(), w.published(w.bucket)); diff != "" {
		t.Errorf("(-truth +published):\n%s", diff)
	}
}

func TestAnIncidentThatARestoreLeftInTwoPlacesIsInItsNewerOneOnly(t *testing.T) {
	w := newWorld(t)
	id := w.post("api", status.MajorOutage)
	var before []table.Item
	for _, item := range w.items(w.table, store.PagePartition(pageID)) {
		if strings.HasPrefix(item.Sort, "INCIDENT#") {
			before = append(before, item)
		}
	}
	w.resolve(id) // it moves: to a key that sorts after the old one
	if err := w.table.Write(t.Context(), table.Put(before[0])); err != nil {
		t.Fatal(err)
	}
	// And once more to one that sorts after both.
	later := before[0]
	later.Sort = "INCIDENT#2030-01-01T00:00:00.000Z#" + id
	if err := w.table.Write(t.Context(), table.Put(later)); err != nil {
		t.Fatal(err)
	}
	if got := w.recover(); got.Mended != 2 {
		t.Errorf("got %d items mended, want the two removed", got.Mended)
	}
	list, _, err := w.store.Incidents(t.Context(), store.List{Page: pageID})
	if err != nil || len(list) != 1 || list[0].Status != status.Resolved {
		t.Errorf("got %d incidents, %v, want the resolved one", len(list), err)
	}
}

func TestThereIsNothingToRecoverWithoutAPage(t *testing.T) {
	w := newWorld(t)
	if err := w.table.Write(t.Context(), table.Delete(table.Key{Partition: "PAGES", Sort: "PAGE#" + pageID})); err != nil {
		t.Fatal(err)
	}
	_, err := recovery.Recover(t.Context(), w.store, w.bucket, quiet)
	if err == nil || !strings.Contains(err.Error(), "no page") {
		t.Errorf("got %v, want that there is no page", err)
	}
}
