package dispatch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"allclear/internal/queue"
	queuememory "allclear/internal/queue/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

func TestAMessageThatIsNoEventIsRefusedByField(t *testing.T) {
	w := newWorld(t)
	for message, want := range map[string]string{
		``:                              "no event",
		`{`:                             "no event",
		`[]`:                            "no event",
		`{"page":7,"seq":1}`:            "no event",
		`{"seq":1}`:                     "page",
		`{"page":"PAGE#x","seq":1}`:     "page",
		`{"page":"thepage"}`:            "seq",
		`{"page":"thepage","seq":-1}`:   "seq",
		`{"page":"thepage","seq":1e99}`: "no event",
	} {
		err := w.dispatcher.Handle(t.Context(), message)
		if known := (*status.Error)(nil); !errors.As(err, &known) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %s", message, err, want)
		}
	}
}

func TestAForgedMessageDoesNothingAndAStaleOneSaysNothingNew(t *testing.T) {
	w := newWorld(t)
	w.gather()
	w.commit(func(tx *store.Tx, _ *status.Configuration) error {
		tx.Record(status.Event{Type: status.PageUpdated, Actor: operator})
		return nil
	})
	i := w.post(status.MajorOutage, "api")
	lost := table.Key{Partition: store.PagePartition(page), Sort: fmt.Sprintf("%s%012d", store.PrefixEvent, i.Seq-1)}
	w.must(w.log.(table.Table).Write(t.Context(), table.Delete(lost, table.Present())))
	for _, message := range []string{
		fmt.Sprintf(`{"page":"thepage","seq":%d}`, i.Seq+1),
		fmt.Sprintf(`{"page":"thepage","seq":%d}`, i.Seq-1),
		`{"page":"thepage","seq":99,"notify":true,"incident":{"id":"x"}}`,
		`{"page":"nopage","seq":3}`,
		`{"page":"thepage","seq":1,"notify":true}`, // one that notifies nobody
	} {
		w.must(w.dispatcher.Handle(t.Context(), message))
	}
	if got := len(w.mail.Sent()) + len(w.hook.Sent()); got != 0 {
		t.Errorf("got %d messages, want none", got)
	}
	for _, seq := range []int64{1, 99, i.Seq - 1, i.Seq} {
		if d, err := w.ledger.Dispatch(t.Context(), page, seq); d != nil || err != nil {
			t.Errorf("event %d: got the record %v, %v, want none", seq, d, err)
		}
	}
	w.must(w.dispatcher.Handle(t.Context(), fmt.Sprintf(`{"page":"thepage","seq":%d,"incident":{"id":"another"},"notify":false}`, i.Seq)))
	if got := recipients(w.chunks(w.mail), i.ID); len(got) == 0 {
		t.Error("got nothing for the event that is in the table")
	}
}

func TestAnEventThatCannotBeDecodedIsAnError(t *testing.T) {
	w := newWorld(t)
	bad := table.Item{Key: table.Key{Partition: store.PagePartition(page), Sort: "EVENT#000000000009"}, Attributes: table.Attributes{"seq": "nine"}}
	w.must(w.log.(table.Table).Write(t.Context(), table.Put(bad)))
	if err := w.dispatcher.Handle(t.Context(), `{"page":"thepage","seq":9}`); err == nil || !strings.Contains(err.Error(), "event 9 of page thepage") {
		t.Errorf("got %v, want an error that names the event", err)
	}
	if answer := w.announce(w.records()); len(answer.BatchItemFailures) != 1 {
		t.Errorf("got %v, want that announce names the record, too", answer)
	}
}

func TestMessagesThatAQueueDoesNotTakeAreOfferedAgainAlone(t *testing.T) {
	w := newWorld(t)
	for range 25 {
		w.join(status.ModeWebhook)
	}
	w.later(time.Minute)
	i := w.post(status.MajorOutage)
	var mu sync.Mutex
	offered := map[string]int{}
	picky := &pickyQueue{take: func(body string) bool {
		mu.Lock()
		defer mu.Unlock()
		offered[body]++
		return offered[body] > int(body[len(body)-4]%3) // the last letter of the id
	}}
	w.dispatcher.Webhook = picky
	w.announce(w.records())
	w.later(time.Second)
	w.must(w.dispatch())
	if got := recipients(w.decode(picky.Sent()), i.ID); len(got) != 25 {
		t.Errorf("got %d recipients, want 25, each once", len(got))
	}

	picky.take = func(string) bool { return false }
	again := w.post(status.MajorOutage)
	w.announce(w.records())
	if err := w.dispatch(); err == nil {
		t.Error("got no error from a queue that takes nothing")
	}
	if d, err := w.ledger.Dispatch(t.Context(), page, again.Seq); d != nil || err != nil {
		t.Errorf("got the record %v, %v, want none: it is not complete", d, err)
	}
}

// pickyQueue takes some messages of a call and not the others.
type pickyQueue struct {
	queuememory.Queue
	take func(body string) bool
}

func (q *pickyQueue) Send(ctx context.Context, messages ...queue.Message) error {
	partial := &queue.PartialError{Err: errors.New("internal error")}
	for i, m := range messages {
		if !q.take(m.Body) {
			partial.Failed = append(partial.Failed, i)
			continue
		}
		if err := q.Queue.Send(ctx, m); err != nil {
			return err
		}
	}
	if len(partial.Failed) > 0 {
		return partial
	}
	return nil
}

func TestAPartThatCannotBeReadDoesNotKeepTheOthers(t *testing.T) {
	w := newWorld(t)
	const n = 200
	for range n {
		w.join(status.ModeEmail)
	}
	w.later(time.Minute)
	i := w.post(status.MajorOutage)
	w.announce(w.records())
	w.crowd.partition = store.AudiencePartition(page, 5)
	if err := w.dispatch(); err == nil {
		t.Error("got no error, want that of the part")
	}
	got := len(recipients(w.chunks(w.mail), i.ID))
	if got < n/2 || got == n {
		t.Errorf("got %d of %d recipients, want those of fifteen parts of sixteen", got, n)
	}
	w.crowd.partition = ""
	w.must(w.dispatcher.Handle(t.Context(), fmt.Sprintf(`{"page":"thepage","seq":%d}`, i.Seq)))
	if got := len(recipients(w.chunks(w.mail), i.ID)); got != n {
		t.Errorf("run again: got %d recipients, want %d", got, n)
	}
}

// One subscriber whose record is spoilt is nobody who can be told. It keeps nobody else from being told,
// and its event from being announced again for days.
func TestASubscriberThatCannotBeReadDoesNotKeepTheOthers(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	w.dispatcher.Logger = slog.New(slog.NewTextHandler(&log, nil))
	var all []string
	for range 100 {
		all = append(all, w.join(status.ModeEmail))
	}
	spoilt := all[40]
	for part := range store.AudienceParts {
		items, err := table.All(t.Context(), w.crowd.Table, table.Query{Partition: store.AudiencePartition(page, part)})
		w.must(err)
		for _, item := range items {
			if item.Attributes["id"] == spoilt {
				item.Attributes["created_at"] = "once"
				w.must(w.crowd.Write(t.Context(), table.Put(item)))
			}
		}
	}
	w.later(time.Minute)
	i := w.post(status.MajorOutage)
	w.announce(w.records())
	w.must(w.dispatch())
	want := slices.DeleteFunc(slices.Sorted(slices.Values(all)), func(id string) bool { return id == spoilt })
	w.expect("mails", want, recipients(w.chunks(w.mail), i.ID))
	record, err := w.ledger.Dispatch(t.Context(), page, i.Seq)
	if err != nil || record == nil || record.Recipients != len(want) {
		t.Errorf("got the record %+v, %v, want %d recipients", record, err, len(want))
	}
	for _, says := range []string{"level=ERROR", spoilt} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("the log does not say %q:\n%s", says, log.String())
		}
	}
	if strings.Contains(log.String(), "@") {
		t.Errorf("the log has an address:\n%s", log.String())
	}
}

// BenchmarkDispatch dispatches one event to 100,000 subscribers, one in ten of them a webhook.
func BenchmarkDispatch(b *testing.B) {
	w := newWorld(b)
	const n = 100_000
	for i := range n {
		if i%10 == 0 {
			w.join(status.ModeWebhook)
		} else {
			w.join(status.ModeEmail, of("api", "web"))
		}
	}
	w.later(time.Minute)
	i := w.post(status.MajorOutage, "api")
	message := fmt.Sprintf(`{"page":"thepage","seq":%d}`, i.Seq)
	for b.Loop() {
		w.must(w.dispatcher.Handle(b.Context(), message))
		w.mail.Take()
		w.hook.Take()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "subscribers/s")
}
