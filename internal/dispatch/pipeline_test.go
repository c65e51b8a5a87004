package dispatch_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/queue"
	"allclear/internal/recovery"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/topic"
)

// crowd is an audience of all sorts, and who of it an incident of the component api concerns.
type crowd struct {
	mails, hooks []string // whom the incident concerns
	states       []string // who hears of the component's state
}

func (w *world) gather() crowd {
	w.Helper()
	var c crowd
	for range 23 {
		c.mails = append(c.mails, w.join(status.ModeEmail))
	}
	c.mails = append(c.mails,
		w.join(status.ModeEmail, of("api")),
		w.join(status.ModeEmail, of("cloud")), // the group that it is in
		w.join(status.ModeEmail, func(s *status.Subscriber) { s.Kinds = []status.NoticeKind{status.IncidentNotices} }))
	both := []string{w.join(status.ModeWebhook), w.join(status.ModeWebhook, of("api"))}
	states := w.join(status.ModeWebhook, func(s *status.Subscriber) { s.Kinds = []status.NoticeKind{status.ComponentNotices} })
	c.hooks = append(slices.Clone(both), w.join(status.ModeSlack))
	c.states = append(both, states)

	w.join(status.ModeEmail, of("web"))
	w.join(status.ModeSlack, of("web"))
	w.join(status.ModeEmail, func(s *status.Subscriber) { s.Kinds = []status.NoticeKind{status.MaintenanceNotices} })
	w.join(status.ModeEmail, func(s *status.Subscriber) { s.Incident = "another" })
	w.change(w.join(status.ModeEmail), func(s *status.Subscriber) error { s.Unsubscribe(w.now); return nil })
	w.change(w.join(status.ModeWebhook), func(s *status.Subscriber) error { return s.Quarantine(status.Gone, w.now) })
	s, err := status.NewSubscriber(status.Subscriber{Page: page, Mode: status.ModeEmail, Email: "new@example.com", Origin: status.FromVisitor}, false, w.audience.Stamp())
	w.must(err)
	_, err = w.audience.AddSubscriber(w.Context(), s, store.Beside{})
	w.must(err)
	for _, list := range [][]string{c.mails, c.hooks, c.states} {
		slices.Sort(list)
	}
	w.later(time.Minute)
	return c
}

func (w *world) expect(what string, want, got any) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestAnIncidentBecomesChunksForAllWhoWantItAndForNobodyElse(t *testing.T) {
	w := newWorld(t)
	c := w.gather()
	i := w.post(status.MajorOutage, "api")
	w.later(time.Second)
	w.join(status.ModeEmail) // confirmed after the event
	w.announce(w.records())
	w.must(w.dispatch())

	mails, hooks := w.chunks(w.mail), w.chunks(w.hook)
	w.expect("mails", c.mails, recipients(mails, i.ID))
	w.expect("webhooks and chat", c.hooks, recipients(hooks, i.ID))
	w.expect("states", c.states, recipients(hooks, "api"))
	w.expect("mails about states", []string(nil), recipients(mails, "api"))
	for _, chunk := range hooks {
		if len(chunk.Subscribers) != 1 {
			t.Errorf("got a chunk of %d for webhooks, want 1", len(chunk.Subscribers))
		}
	}
	for _, chunk := range slices.Concat(mails, hooks) {
		if chunk.Page != page || chunk.Seq != i.Seq {
			t.Errorf("got a chunk of page %s and event %d, want %s and %d", chunk.Page, chunk.Seq, page, i.Seq)
		}
	}
	d, err := w.ledger.Dispatch(t.Context(), page, i.Seq)
	w.must(err)
	if want := len(c.mails) + len(c.hooks) + 1; d == nil || d.Recipients != want {
		t.Errorf("got the record %+v, want %d recipients", d, want)
	}
}

func TestManySubscribersFillChunksAndCallsAreOfTenMessages(t *testing.T) {
	w := newWorld(t)
	const n = 1000
	for range n {
		w.join(status.ModeEmail)
		w.join(status.ModeWebhook)
	}
	w.later(time.Minute)
	var mails, hooks atomic.Int64
	count := func(calls *atomic.Int64) func(context.Context, []queue.Message) error {
		return func(context.Context, []queue.Message) error { calls.Add(1); return nil }
	}
	w.mail.Before, w.hook.Before = count(&mails), count(&hooks)
	i := w.post(status.MajorOutage)
	w.announce(w.records())
	w.must(w.dispatch())
	chunks := w.chunks(w.mail)
	w.expect("mails", n, len(recipients(chunks, i.ID)))
	w.expect("webhooks", n, len(recipients(w.chunks(w.hook), i.ID)))
	for _, c := range []struct {
		what      string
		got, most int // one that is not full for each part
	}{
		{"chunks of mail", len(chunks), n/deliver.ChunkSize + store.AudienceParts},
		{"calls for mail", int(mails.Load()), n/deliver.ChunkSize/queue.MaxMessages + store.AudienceParts},
		{"calls for webhooks", int(hooks.Load()), n/queue.MaxMessages + store.AudienceParts},
	} {
		if c.got > c.most {
			t.Errorf("got %d %s, want at most %d", c.got, c.what, c.most)
		}
	}
}

func TestRunningEverythingTwiceSendsTheSameChunks(t *testing.T) {
	w := newWorld(t)
	w.gather()
	w.post(status.MajorOutage, "api")
	records := w.records()
	var first, second [2][]deliver.Chunk
	for _, sent := range []*[2][]deliver.Chunk{&first, &second} {
		w.announce(records)
		w.must(w.dispatch())
		sent[0], sent[1] = w.chunks(w.mail), w.chunks(w.hook)
		w.later(7 * time.Second) // another part comes first
	}
	w.expect("chunks of the second time", first, second)
	if len(first[0]) == 0 || len(first[1]) == 0 {
		t.Error("got no chunks")
	}
}

func TestWhatSubscribersAreNotToHearOfEnqueuesNothing(t *testing.T) {
	w := newWorld(t)
	w.gather()
	quiet := func(e status.Event) func(*store.Tx, *status.Configuration) error {
		return func(tx *store.Tx, cfg *status.Configuration) error {
			i, applied, err := status.NewIncident(status.IncidentChange{
				Name: new("Quiet"), Components: map[string]status.ComponentState{"api": status.DegradedPerformance},
			}, cfg, tx.Stamp)
			if err != nil {
				return err
			}
			tx.PutIncident(i)
			e.Incident, e.States, e.Actor = i.ID, applied.States, operator
			tx.Record(e)
			return nil
		}
	}
	w.commit(quiet(status.Event{Type: status.IncidentCreated}))
	w.commit(quiet(status.Event{Type: status.Imported, Origin: status.OriginImport, Notify: true}))
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		i, applied, err := status.NewIncident(status.IncidentChange{Name: new("Old"), Backfilled: true}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentCreated, Actor: operator, Incident: i.ID, Notify: applied.Update != nil})
		return nil
	})
	w.commit(func(tx *store.Tx, _ *status.Configuration) error {
		tx.Record(status.Event{Type: status.Recovered, Actor: operator, Touched: status.Touched{All: true}})
		return nil
	})
	deleted := w.post(status.MajorOutage, "web")
	w.commit(func(tx *store.Tx, _ *status.Configuration) error {
		if _, err := tx.Incident(deleted.ID); err != nil {
			return err
		}
		tx.DeleteIncident(deleted.ID)
		tx.Record(status.Event{Type: status.IncidentDeleted, Actor: operator, Incident: deleted.ID})
		return nil
	})
	w.announce(w.records())
	if got := len(w.topic.Published()); got != 8 {
		t.Errorf("got %d messages on the topic, want all 8 events: others may want them", got)
	}
	w.must(w.dispatch())
	if mails, hooks := w.mail.Take(), w.hook.Take(); len(mails)+len(hooks) > 0 {
		t.Errorf("got %v and %v, want nothing", mails, hooks)
	}
	d, err := w.ledger.Dispatch(t.Context(), page, deleted.Seq)
	w.must(err)
	if d == nil || d.Recipients != 0 {
		t.Errorf("got %+v for an incident that is deleted, want a record, so that it is not announced again and again", d)
	}
}

func TestAStateWithoutAnIncidentIsForWebhooksOnly(t *testing.T) {
	w := newWorld(t)
	c := w.gather()
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		change := cfg.SetStatus("api", status.DegradedPerformance, tx.Stamp.Now)
		tx.Record(status.Event{Type: status.ComponentUpdated, Actor: operator, States: []status.StateChange{*change}})
		return nil
	})
	w.announce(w.records())
	w.must(w.dispatch())
	w.expect("webhooks", c.states, recipients(w.chunks(w.hook), "api"))
	w.expect("mails", []deliver.Chunk(nil), w.chunks(w.mail))
}

func TestLostInvocationsAreMadeUpForByTheSchedule(t *testing.T) {
	cut := errors.New("cut")
	failing := func(context.Context, []queue.Message) error { return cut }
	for name, lose := range map[string]func(w *world){
		"the stream's record never came": func(w *world) { w.records() },
		"the topic did not take it": func(w *world) {
			w.topic.Before = func(context.Context, topic.Message) error { return cut }
			if answer := w.announce(w.records()); len(answer.BatchItemFailures) != 1 {
				w.Errorf("got %v, want the record named", answer)
			}
			w.topic.Before = nil
		},
		"the topic lost it": func(w *world) { w.announce(w.records()); w.topic.Take() },
		"no queue took anything": func(w *world) {
			w.announce(w.records())
			w.mail.Before, w.hook.Before = failing, failing
			if err := w.dispatch(); !errors.Is(err, cut) {
				w.Errorf("got %v, want the failure, so that Lambda tries again", err)
			}
			w.mail.Before, w.hook.Before = nil, nil
		},
		"the queue's answer was lost": func(w *world) {
			w.announce(w.records())
			w.hook.After = failing
			if err := w.dispatch(); !errors.Is(err, cut) {
				w.Errorf("got %v, want the failure", err)
			}
			w.hook.After = nil
			w.mail.Take()
			w.hook.Take()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.gather()
			w.records()
			i := w.post(status.MajorOutage, "api")
			lose(w)
			w.must(w.ticker.Run(t.Context()))
			w.later(5 * time.Minute)
			w.must(w.ticker.Run(t.Context()))
			w.expect("messages within five minutes", 0, len(w.topic.Published()))
			w.later(2 * time.Second)
			w.must(w.ticker.Run(t.Context()))
			w.must(w.dispatch())
			w.expect("mails", c.mails, recipients(w.chunks(w.mail), i.ID))
			w.expect("webhooks", c.hooks, recipients(w.chunks(w.hook), i.ID))
			for range 3 {
				w.later(6 * time.Minute)
				w.must(w.ticker.Run(t.Context()))
				w.must(w.newTicker().Run(t.Context()))
			}
			w.expect("messages after the dispatch", 0, len(w.topic.Published()))
		})
	}
}

func TestAnEventThatStaysOverdueIsAnnouncedEveryFiveMinutesForTwoDays(t *testing.T) {
	w := newWorld(t)
	w.post(status.MajorOutage, "api")
	minutes := 0
	for ; w.now.Sub(begin) < 50*time.Hour; minutes++ {
		w.later(time.Minute)
		w.must(w.ticker.Run(t.Context()))
	}
	got := len(w.topic.Take())
	if want := 48*60/5 - 1; got != want {
		t.Errorf("got %d messages, want %d", got, want)
	}
	w.must(w.newTicker().Run(t.Context()))
	w.expect("messages of a process that knows nothing", 0, len(w.topic.Published()))
}

func TestWaitingWorkComesBackIntoItsQueue(t *testing.T) {
	w := newWorld(t)
	body := `{"page":"thepage","subject":"api","seq":1,"subscribers":["a"]}`
	for _, name := range []string{"WebhookQueue", "NoQueue", "MailQueue"} {
		w.must(w.ledger.Park(t.Context(), ledger.Due{At: w.now.Add(time.Hour), Queue: name, Body: body}))
	}
	w.must(w.ticker.Run(t.Context()))
	w.expect("before its time", 0, len(w.hook.Take()))
	w.later(time.Hour)
	if err := w.ticker.Run(t.Context()); err == nil {
		t.Error("got no error, want that one queue is not known")
	}
	w.expect("webhooks", []queue.Message{{Body: body}}, w.hook.Take())
	w.expect("mails", []queue.Message{{Body: body}}, w.mail.Take())
}

func TestARedriveThatIsAskedToAnnouncesAgain(t *testing.T) {
	w := newWorld(t)
	w.gather()
	i := w.post(status.MajorOutage, "api")
	w.later(72 * time.Hour) // too old for the schedule
	window := recovery.Window{Since: begin, Until: w.now}
	for name, c := range map[string]struct {
		again recovery.Announcer
		dry   bool
		want  int
	}{"not asked": {nil, false, 0}, "only looking": {w.announcer, true, 0}, "asked": {w.announcer, false, 1}} {
		done, err := recovery.Redrive(t.Context(), w.pages, window, c.again, c.dry)
		w.must(err)
		if got := done[0]; got.Notifying != 1 || got.Announced != c.want || len(w.topic.Published()) != c.want {
			t.Errorf("%s: got %d notifying, %d announced and %d messages, want 1, %d and %d",
				name, got.Notifying, got.Announced, len(w.topic.Published()), c.want, c.want)
		}
		w.must(w.dispatch())
		if got := len(recipients(w.chunks(w.mail), i.ID)) > 0; got != (c.want > 0) {
			t.Errorf("%s: got chunks %t", name, got)
		}
	}
}
