package recovery_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/recovery"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

func yes(*store.Restore) (bool, error) { return true, nil }

func (w *world) restore(from table.Table) ([]recovery.Recovered, error) {
	r := recovery.Restorer{From: w.open(from), Live: w.store, Bucket: w.bucket, Confirm: yes, Progress: quiet}
	return r.Restore(context.Background())
}

func TestARestoreBringsBackWhatTheOtherTableSaysAndRemovesTheRest(t *testing.T) {
	w := newWorld(t)
	if err := w.store.AddKey(t.Context(), "old", "old-key"); err != nil {
		t.Fatal(err)
	}
	kept := w.post("api", status.MajorOutage)
	w.publish()
	old := w.backup()
	w.resolve(kept) // it moves
	lost := w.post("web", status.PartialOutage)
	if err := w.store.AddKey(t.Context(), "new", "new-key"); err != nil {
		t.Fatal(err)
	}
	w.publish()
	if _, err := w.restore(old); err != nil {
		t.Fatal(err)
	}
	partition := store.PagePartition(pageID)
	mine := func(items []table.Item) []table.Item { // what a recovery itself writes
		return slices.DeleteFunc(items, func(i table.Item) bool { return i.Sort == "PAGE" || i.Attributes["type"] == string(status.Recovered) })
	}
	if diff := cmp.Diff(mine(w.items(old, partition)), mine(w.items(w.table, partition))); diff != "" {
		t.Errorf("items (-restored +live):\n%s", diff)
	}
	for _, p := range []string{"PAGES", "KEYS", "KEY#" + store.HashKey("old-key"), "KEY#" + store.HashKey("new-key")} {
		if diff := cmp.Diff(w.items(old, p), w.items(w.table, p)); diff != "" {
			t.Errorf("%s (-restored +live):\n%s", p, diff)
		}
	}
	w.publish()
	if w.there(lost) || !w.there(kept) {
		t.Errorf("documents: lost %t, kept %t; want no, yes", w.there(lost), w.there(kept))
	}
	if diff := cmp.Diff(w.truth(), w.published(w.bucket)); diff != "" {
		t.Errorf("(-truth +published):\n%s", diff)
	}
}

func TestARestoreNamesWhatItReplacesAndChangesNothingWhenDeclined(t *testing.T) {
	w := newWorld(t)
	if err := w.store.AddKey(t.Context(), "old", "old-key"); err != nil {
		t.Fatal(err)
	}
	old := w.backup()
	lost := w.post("web", status.PartialOutage)
	if err := w.store.AddKey(t.Context(), "new", "new-key"); err != nil {
		t.Fatal(err)
	}
	before := w.items(w.table, store.PagePartition(pageID))
	var plan *store.Restore
	r := recovery.Restorer{From: w.open(old), Live: w.store, Bucket: w.bucket, Progress: quiet, Confirm: func(p *store.Restore) (bool, error) {
		plan = p
		return false, nil
	}}
	if _, err := r.Restore(t.Context()); !errors.Is(err, recovery.ErrDeclined) {
		t.Errorf("got %v, want ErrDeclined", err)
	}
	if diff := cmp.Diff(before, w.items(w.table, store.PagePartition(pageID))); diff != "" {
		t.Errorf("it changed something:\n%s", diff)
	}
	p := plan.Pages[0]
	if len(p.Lost) != 1 || p.Lost[0].ID != lost || p.Live.Seq != 3 || p.Restored.Seq != 2 || p.Deletes == 0 {
		t.Errorf("got %+v", p)
	}
	if len(plan.KeysBack) != 0 || !slices.Equal(plan.KeysGone, []string{"new"}) {
		t.Errorf("keys: got %v back and %v gone, want none and new", plan.KeysBack, plan.KeysGone)
	}
}

func TestWhileAPageIsRestoredNobodyReadsChangesOrPublishesItAndRecoverSaysHowToGoOn(t *testing.T) {
	w := newWorld(t)
	w.publish()
	old := w.backup()
	w.post("web", status.PartialOutage)
	w.publish()
	w.table.writes, w.table.failAt = 0, 2 // the first takes the page away
	if _, err := w.restore(old); !errors.Is(err, errFault) {
		t.Fatalf("got %v, want the fault", err)
	}
	w.table.failAt = 0
	notFound := func(what string, err error) {
		t.Helper()
		if e := (*status.Error)(nil); !errors.As(err, &e) || e.Code != status.NotFound {
			t.Errorf("%s: got %v, want not found", what, err)
		}
	}
	_, err := w.store.Page(t.Context(), pageID)
	notFound("read", err)
	_, err = w.store.Commit(t.Context(), pageID, func(*store.Tx) error { return nil })
	notFound("change", err)
	_, err = w.publisher.CatchUp(t.Context(), pageID)
	notFound("publish", err)
	if _, err := recovery.Recover(t.Context(), w.store, w.bucket, quiet); err == nil || !strings.Contains(err.Error(), "--from") {
		t.Errorf("recover: got %v, want how to go on", err)
	}
	if _, err := w.restore(old); err != nil {
		t.Fatal(err)
	}
	w.publish()
	if diff := cmp.Diff(w.truth(), w.published(w.bucket)); diff != "" {
		t.Errorf("(-truth +published):\n%s", diff)
	}
}

func TestWhatWasCommittedAndNotPublishedIsOvertakenAlsoAfterAnInterruption(t *testing.T) {
	w := newWorld(t)
	w.publish()
	old := w.backup()
	for range 3 {
		w.post("web", status.PartialOutage)
	}
	live, err := w.store.Page(t.Context(), pageID)
	if err != nil {
		t.Fatal(err)
	}
	w.table.writes, w.table.failAt = 0, 2
	if _, err := w.restore(old); !errors.Is(err, errFault) {
		t.Fatalf("got %v, want the fault", err)
	}
	w.table.failAt = 0
	done, err := w.restore(old)
	if err != nil {
		t.Fatal(err)
	}
	want := live
	want.Overtake(status.Version{}, live.At)
	if got := done[0].After; got.Seq != want.Seq || got.FeedNumber != want.FeedNumber {
		t.Errorf("got version %d, feed number %d, want %d and %d, as above the live page's", got.Seq, got.FeedNumber, want.Seq, want.FeedNumber)
	}
}

func TestWhatIsPostedWhileSomebodyThinksAboutTheQuestionIsReplacedAsWell(t *testing.T) {
	w := newWorld(t)
	w.publish()
	old := w.backup()
	var late string
	r := recovery.Restorer{From: w.open(old), Live: w.store, Bucket: w.bucket, Progress: quiet, Confirm: func(*store.Restore) (bool, error) {
		late = w.post("web", status.PartialOutage)
		w.publish()
		return true, nil
	}}
	if _, err := r.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.publish()
	if _, err := w.store.Incident(t.Context(), pageID, late); err == nil || w.there(late) {
		t.Errorf("got %v and documents there: %t, want none of it", err, w.there(late))
	}
}

func TestARestoreIntoATableThatLostItsPageBringsItBack(t *testing.T) {
	w := newWorld(t)
	w.post("web", status.PartialOutage)
	w.publish()
	old := w.backup()
	w.use(memory.New(memory.Options{}).Table("status"))
	// A new deployment made a page of its own meanwhile.
	if _, err := w.store.CreatePage(t.Context(), "otherpage", status.DefaultSettings("New"), operator); err != nil {
		t.Fatal(err)
	}
	done, err := w.restore(old)
	if err != nil || len(done) != 2 {
		t.Fatalf("got %v, %v, want two pages", done, err)
	}
	pages, err := w.store.Pages(t.Context())
	if err != nil || !slices.Equal(pages, []string{pageID}) {
		t.Errorf("pages: got %v, %v, want the restored one", pages, err)
	}
	w.publish()
	if diff := cmp.Diff(w.truth(), w.published(w.bucket)); diff != "" {
		t.Errorf("(-truth +published):\n%s", diff)
	}
}

func TestATableThatCannotWorkReplacesNothing(t *testing.T) {
	partition := store.PagePartition(pageID)
	for name, c := range map[string]struct {
		spoil []table.Action
		want  string
	}{
		"no page":                 {[]table.Action{table.Delete(table.Key{Partition: "PAGES", Sort: "PAGE#" + pageID})}, "no page"},
		"a page without its item": {[]table.Action{table.Delete(table.Key{Partition: partition, Sort: "PAGE"})}, "none that is the page"},
		"a spoilt event": {[]table.Action{table.Put(table.Item{
			Key: table.Key{Partition: partition, Sort: "EVENT#000000000002"}, Attributes: table.Attributes{"seq": "two"},
		})}, "EVENT#000000000002"},
		"a spoilt incident": {[]table.Action{table.Put(table.Item{
			Key: table.Key{Partition: partition, Sort: "INCIDENT#2026"}, Attributes: table.Attributes{"name": int64(1)},
		})}, "INCIDENT#2026"},
		"spoilt states": {[]table.Action{table.Put(table.Item{
			Key: table.Key{Partition: partition, Sort: "CONFIG#STATES"}, Attributes: table.Attributes{"states": "fine"},
		})}, "CONFIG#STATES"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			old := w.backup()
			if err := old.Write(t.Context(), c.spoil...); err != nil {
				t.Fatal(err)
			}
			w.table.writes = 0
			_, err := w.restore(old)
			if err == nil || !strings.Contains(err.Error(), "restored table") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want one that names the restored table and %q", err, c.want)
			}
			if w.table.writes != 0 {
				t.Errorf("got %d writes, want none", w.table.writes)
			}
		})
	}
}

func TestARequestWhoseEffectWasLostHasItAgain(t *testing.T) {
	w := newWorld(t)
	old := w.backup()
	_, err := w.store.Commit(t.Context(), pageID, func(tx *store.Tx) error {
		tx.Record(status.Event{Type: status.PageUpdated, Actor: operator})
		tx.Remember(store.Answer{Key: "k", Request: "hash", Status: 201, Body: "{}"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.restore(old); err != nil {
		t.Fatal(err)
	}
	if got, err := w.store.Answer(t.Context(), pageID, "k"); got != nil || err != nil {
		t.Errorf("got %v, %v, want no answer: its change is gone", got, err)
	}
}
