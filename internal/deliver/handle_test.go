package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/status"
)

// desk is one worker with everything around it, where nothing goes wrong unless it is told to.
type desk struct {
	*deliver.Worker[string]
	t        *testing.T
	book     *ledger.Ledger
	now      time.Time
	quota    ledger.Quota
	versions []deliver.Version
	gone     map[string]bool
	outcome  func(deliver.Message[string]) deliver.Outcome
	sent     []string // subscriber and seq
	last     time.Time
	writes   int
	queue    []string
	ids      int
	reading  func() // when a subscriber is read
	quotas   int    // readings of the quota

	unreadable map[string]error // subscribers
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: begin, versions: []deliver.Version{{Seq: 5, Kind: "update"}}, gone: map[string]bool{}}
	now := func() time.Time { return d.now }
	tbl := memory.New(memory.Options{Now: now, Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment == memory.BeforeWrite {
			d.writes++
		}
		return nil
	}}).Table("Deliveries")
	d.book = ledger.New(tbl, now)
	d.Worker = &deliver.Worker[string]{
		Ledger: d.book, Pace: d.book, Incidents: d, Subscribers: d, Sender: d, Clock: d, ClockName: "clock",
		Quotas: &deliver.QuotaCache{Read: func(context.Context) (ledger.Quota, error) { d.quotas++; return d.quota, nil }, Now: now, MaxAge: time.Minute},
		NewID:  func() string { d.ids++; return fmt.Sprint("claim", d.ids) }, Queue: "mail", Logger: slog.New(slog.DiscardHandler),
		Crew: func() deliver.Crew { return deliver.InOrder{} },
	}
	return d
}

func (d *desk) Now() time.Time { return d.now }

func (d *desk) Sleep(_ context.Context, until time.Time) error {
	d.now = maxTime(d.now, until)
	return nil
}

func (d *desk) Notifying(context.Context, string, string, int64) ([]deliver.Version, error) {
	return d.versions, nil
}

func (d *desk) Wants(_ context.Context, _, _, id string, versions []deliver.Version) (string, deliver.Version, bool, error) {
	if d.reading != nil {
		d.reading()
	}
	return id, versions[len(versions)-1], !d.gone[id], d.unreadable[id]
}

func (d *desk) Send(_ context.Context, m deliver.Message[string]) (deliver.Outcome, error) {
	outcome := deliver.Sent
	if d.outcome != nil {
		outcome = d.outcome(m)
	}
	if outcome == deliver.Sent {
		d.sent = append(d.sent, fmt.Sprint(m.Subscriber, m.Version.Seq))
		d.last = d.now
		return outcome, nil
	}
	return outcome, errors.New("refused")
}

func (d *desk) Enqueue(_ context.Context, _, body string) error {
	d.queue = append(d.queue, body)
	return nil
}

func chunk(subscribers ...string) deliver.Chunk {
	return deliver.Chunk{Page: page, Subject: subject, Seq: 5, Subscribers: subscribers}
}

func (d *desk) handles(c deliver.Chunk, want deliver.Report) {
	d.t.Helper()
	got, err := d.Handle(d.t.Context(), c)
	if err != nil {
		d.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("report (-want +got):\n%s", diff)
	}
}

func (d *desk) sends(want ...string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.sent); diff != "" {
		d.t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// waits requeues what is due by then and answers the chunks.
func (d *desk) waits(until time.Duration, want ...deliver.Chunk) {
	d.t.Helper()
	early, err := deliver.Requeue(d.t.Context(), d.book, d, d.NewID(), 10)
	if early != 0 || err != nil {
		d.t.Errorf("too early: got %d, %v", early, err)
	}
	d.now = d.now.Add(until)
	if _, err := deliver.Requeue(d.t.Context(), d.book, d, d.NewID(), 10); err != nil {
		d.t.Fatal(err)
	}
	var got []deliver.Chunk
	for _, body := range d.queue {
		c, err := deliver.DecodeChunk([]byte(body))
		if err != nil {
			d.t.Fatal(err)
		}
		got = append(got, c)
	}
	d.queue = nil
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("enqueued again (-want +got):\n%s", diff)
	}
}

func TestAChunkHandledTwiceIsSentOnce(t *testing.T) {
	d := newDesk(t)
	d.quota = ledger.Quota{PerSecond: 10, PerDay: 100}
	d.gone["cy"] = true
	d.handles(chunk("ann", "bob", "cy"), deliver.Report{Sent: 2, Skipped: 1})
	if want := 2*3 + 1; d.writes != want {
		t.Errorf("got %d writes, want %d: claim and record of each, and one reservation", d.writes, want)
	}
	d.handles(chunk("ann", "bob", "cy"), deliver.Report{Covered: 3})
	if want := 2*3 + 1; d.writes != want {
		t.Errorf("the second time took %d writes more, want none", d.writes-want)
	}
	d.sends("ann5", "bob5")
}

func TestWaitingWorkIsEnqueuedOnceByTwoRuns(t *testing.T) {
	d := newDesk(t)
	d.outcome = func(deliver.Message[string]) deliver.Outcome { return deliver.Throttled }
	d.handles(chunk("ann"), deliver.Report{Parked: 1})
	d.waits(time.Minute, chunk("ann"))
	d.waits(time.Hour)
}

func TestAnOvertakenChunkBringsTheNewestEvent(t *testing.T) {
	d := newDesk(t)
	d.versions = append(d.versions, deliver.Version{Seq: 8, Kind: "resolved"})
	d.gone["bob"] = true
	d.handles(chunk("ann", "bob"), deliver.Report{Sent: 1, Skipped: 1})
	c := chunk("ann", "bob")
	c.Seq = 8
	d.versions = d.versions[1:]
	d.gone["bob"] = false
	d.handles(c, deliver.Report{Sent: 1, Covered: 1})
	d.sends("ann8", "bob8")
}

func TestOfADeletedIncidentNothingIsSent(t *testing.T) {
	d := newDesk(t)
	d.versions = nil
	d.handles(chunk("ann", "bob"), deliver.Report{Skipped: 2})
	d.sends()
}

func TestWhatIsRefusedForNowIsParkedAndSentLater(t *testing.T) {
	for _, c := range []struct {
		outcome deliver.Outcome
		alarm   deliver.Alarm
		after   time.Duration
	}{
		{deliver.Throttled, deliver.NoAlarm, time.Minute},
		{deliver.OverQuota, deliver.QuotaExhausted, 15 * time.Minute},
		{deliver.Stopped, deliver.AccountStopped, 15 * time.Minute},
	} {
		t.Run(string(c.outcome), func(t *testing.T) {
			d := newDesk(t)
			d.outcome = func(m deliver.Message[string]) deliver.Outcome {
				if m.Subscriber == "bob" {
					return c.outcome
				}
				return deliver.Sent
			}
			d.handles(chunk("ann", "bob", "cy"), deliver.Report{Sent: 1, Parked: 2, Alarm: c.alarm})
			d.waits(c.after, chunk("bob", "cy"))
			d.outcome = nil
			d.handles(chunk("bob", "cy"), deliver.Report{Sent: 2})
			d.sends("ann5", "bob5", "cy5")
		})
	}
}

func TestWhatIsRefusedForGoodOrLostIsNeverSentAgain(t *testing.T) {
	d := newDesk(t)
	d.outcome = func(m deliver.Message[string]) deliver.Outcome {
		switch m.Subscriber {
		case "ann":
			return deliver.Refused
		case "bob":
			return deliver.Lost
		case "cy":
			return "an outcome of tomorrow"
		default:
			return deliver.Sent
		}
	}
	d.handles(chunk("ann", "bob", "cy", "dan"), deliver.Report{Sent: 1, Failed: 1, Lost: 2})
	d.outcome = nil
	d.now = d.now.Add(24 * time.Hour)
	d.handles(chunk("ann", "bob", "cy", "dan"), deliver.Report{Covered: 4})
	d.sends("dan5")
	e, err := d.book.Evidence(t.Context(), subject)
	if got := e.Total; err != nil || got.Failed != 1 || got.Unknown != 2 || got.Sent != 3 {
		t.Errorf("evidence: got %+v, %v, want 1 failed and 3 sent, of 2 of which nobody knows", got, err)
	}
}

func TestAnExhaustedDayParksTheRestAndAlarms(t *testing.T) {
	d := newDesk(t)
	d.quota = ledger.Quota{PerSecond: 100, PerDay: 2}
	d.handles(chunk("ann", "bob", "cy"), deliver.Report{Sent: 2, Parked: 1, Alarm: deliver.QuotaExhausted})
	d.waits(26*time.Hour, chunk("cy"))
	d.handles(chunk("cy"), deliver.Report{Sent: 1})
}

func TestWhoIsBeingToldByAnotherIsLookedAtAgain(t *testing.T) {
	d := newDesk(t)
	if _, err := d.book.Claim(t.Context(), subject, ledger.Target{Subscriber: "ann", Seq: 3}, "another"); err != nil {
		t.Fatal(err)
	}
	d.handles(chunk("ann"), deliver.Report{Parked: 1})
	d.waits(ledger.Lease+ledger.Skew, chunk("ann"))
	d.handles(chunk("ann"), deliver.Report{Sent: 1})
}

func TestNothingIsBegunWithoutTheTimeToEndIt(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Hour))
	defer cancel()
	d.now = time.Now().Add(time.Hour - 14*time.Second)
	got, err := d.Handle(ctx, chunk("ann", "bob"))
	if want := (deliver.Report{Parked: 2}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	d.sends()
}

// meddling is a ledger to whose calls something happens.
type meddling struct {
	deliver.Ledger
	claiming  func()       // before each claim
	claimed   func() error // in place of the answer to each claim, if it is an error
	finishing func() error // instead of each record, if it is an error
}

func (l *meddling) Claim(ctx context.Context, subject string, t ledger.Target, worker string) (ledger.Claim, error) {
	if l.claiming != nil {
		l.claiming()
	}
	c, err := l.Ledger.Claim(ctx, subject, t, worker)
	if l.claimed != nil && err == nil {
		err = l.claimed()
	}
	return c, err
}

func (l *meddling) Finish(ctx context.Context, c ledger.Claim, s ledger.State) error {
	if l.finishing != nil {
		if err := l.finishing(); err != nil {
			return err
		}
	}
	return l.Ledger.Finish(ctx, c, s)
}

// A subscriber who cannot be read keeps nobody else waiting, and is brought again by the queue alone:
// a second way back would make two of each, again and again.
func TestOneWhoCannotBeReadDoesNotKeepTheOthersAndIsNotParked(t *testing.T) {
	for name, versions := range map[string][]deliver.Version{
		"read after the claim":  {{Seq: 5, Kind: "update"}},
		"read before the claim": {{Seq: 5, Kind: "update"}, {Seq: 8, Kind: "resolved"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.versions = versions
			newest := versions[len(versions)-1].Seq
			spoilt := errors.New("it cannot be decoded")
			d.unreadable = map[string]error{"bob": spoilt}
			for n := range 3 {
				got, err := d.Handle(t.Context(), chunk("ann", "bob", "cy"))
				if want := (deliver.Report{Sent: 2}); !errors.Is(err, spoilt) || n == 0 && got != want {
					t.Errorf("got %+v, %v, want %+v and %v", got, err, want, spoilt)
				}
			}
			d.waits(time.Hour)
			d.unreadable = nil
			d.handles(chunk("ann", "bob", "cy"), deliver.Report{Sent: 1, Covered: 2})
			d.sends(fmt.Sprint("ann", newest), fmt.Sprint("cy", newest), fmt.Sprint("bob", newest))
		})
	}
}

// A panic before the sending is a failure like others: it costs nobody their message.
func TestWhoseReadingPanicsIsToldWhenItDoesNot(t *testing.T) {
	d := newDesk(t)
	d.reading = func() { panic("nil map") }
	if got, err := d.Handle(t.Context(), chunk("ann", "bob")); err == nil || got != (deliver.Report{}) {
		t.Errorf("got %+v, %v, want an error", got, err)
	}
	d.reading = nil
	d.handles(chunk("ann", "bob"), deliver.Report{Sent: 2})
}

func TestWhoLeavesBeforeTheClaimIsNotToldUnderIt(t *testing.T) {
	d := newDesk(t)
	d.versions = append(d.versions, deliver.Version{Seq: 8, Kind: "resolved"}) // so that all are read before, too
	d.Ledger = &meddling{Ledger: d.book, claiming: func() { d.gone["ann"] = true }}
	d.handles(chunk("ann", "bob"), deliver.Report{Sent: 1, Skipped: 1})
	d.sends("bob8")
}

// Nothing is sent under a claim without an answer, so it must not lie there as if something had been.
func TestAClaimWhoseAnswerIsLostIsTakenBack(t *testing.T) {
	d := newDesk(t)
	lost := errors.New("no answer")
	l := &meddling{Ledger: d.book, claimed: func() error { return lost }}
	d.Ledger = l
	if got, err := d.Handle(t.Context(), chunk("ann", "bob")); !errors.Is(err, lost) || got != (deliver.Report{}) {
		t.Errorf("got %+v, %v, want nothing done and %v", got, err, lost)
	}
	l.claimed = nil
	d.now = d.now.Add(6 * time.Minute) // the queue brings it again
	d.handles(chunk("ann", "bob"), deliver.Report{Sent: 2})
	d.sends("ann5", "bob5")
}

// The claims of an invocation are its own: not even the same process takes up what an earlier one left.
func TestAMessageWhoseRecordIsLostIsNotSentAgainByTheSameWorker(t *testing.T) {
	d := newDesk(t)
	lost := errors.New("no answer")
	l := &meddling{Ledger: d.book, finishing: func() error { return lost }}
	d.Ledger = l
	if _, err := d.Handle(t.Context(), chunk("ann")); !errors.Is(err, lost) {
		t.Errorf("got error %v, want %v, so that the queue brings the chunk again", err, lost)
	}
	l.finishing = nil
	d.handles(chunk("ann"), deliver.Report{Parked: 1})
	d.waits(ledger.Lease+ledger.Skew, chunk("ann"))
	d.handles(chunk("ann"), deliver.Report{Covered: 1})
	d.sends("ann5")
}

// A sending must have ended when the next worker may claim, by whatever clock: so whoever comes to it
// long after the claim, and too late for the slot, gives that back and claims anew.
func TestNothingIsSentUnderAnOldClaim(t *testing.T) {
	for slow, claims := range map[time.Duration]int{900 * time.Millisecond: 1, 1100 * time.Millisecond: 2, 40 * time.Second: 2} {
		d := newDesk(t)
		d.reading = func() { d.now, d.reading = d.now.Add(slow), nil }
		got := 0
		d.Ledger = &meddling{Ledger: d.book, claiming: func() { got++ }}
		d.handles(chunk("ann"), deliver.Report{Sent: 1})
		if d.sends("ann5"); got != claims {
			t.Errorf("%v after the claim: got %d claims, want %d", slow, got, claims)
		}
	}
}

func TestTheQuotaIsReadAgainWhenSendingIsRefused(t *testing.T) {
	for _, outcome := range []deliver.Outcome{deliver.Throttled, deliver.OverQuota, deliver.Stopped} {
		d := newDesk(t)
		d.outcome = func(deliver.Message[string]) deliver.Outcome { return outcome }
		for n := 1; n <= 2; n++ {
			if _, err := d.Handle(t.Context(), chunk("ann")); err != nil || d.quotas != n {
				t.Errorf("%s: got %d readings, %v, want %d", outcome, d.quotas, err, n)
			}
		}
	}
}

func TestWhatIsNoChunkIsRefusedWithTheField(t *testing.T) {
	for text, field := range map[string]string{
		`{`:    "",
		`"x"`:  "",
		`null`: "page",
		`{"page":"Page","subject":"s","seq":1,"subscribers":["a"]}`:                                      "page",
		`{"page":"p","subject":"","seq":1,"subscribers":["a"]}`:                                          "subject",
		`{"page":"p","subject":"s","seq":0,"subscribers":["a"]}`:                                         "seq",
		`{"page":"p","subject":"s","seq":1,"subscribers":[]}`:                                            "subscribers",
		`{"page":"p","subject":"s","seq":1,"subscribers":["a","a@example.com"]}`:                         "subscribers[1]",
		`{"page":"p","subject":"s","seq":1,"subscribers":[1,2,3,4,5,6,7,8,9,10]}`:                        "",
		`{"page":"p","subject":"s","seq":1,"subscribers":["a","a","a","a","a","a","a","a","a","a","a"]}`: "subscribers",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := deliver.DecodeChunk([]byte(text))
			problem, ok := errors.AsType[*status.Error](err)
			if !ok || problem.Field != field {
				t.Errorf("got error %v, want a status.Error on %q", err, field)
			}
		})
	}
}

func FuzzDecodeChunk(f *testing.F) {
	f.Add([]byte(`{"page":"p","subject":"s","seq":1,"subscribers":["a","b"]}`))
	f.Add([]byte(`{"page":null,"subscribers":[null]}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		c, err := deliver.DecodeChunk(message)
		if err == nil && (c.Seq < 1 || !status.ValidID(c.Page) || !status.ValidID(c.Subject) || len(c.Subscribers) > deliver.ChunkSize) {
			t.Errorf("took %+v", c)
		}
		if _, ok := errors.AsType[*status.Error](err); err != nil && !ok {
			t.Errorf("got error %v, want a status.Error", err)
		}
	})
}

func TestTheQuotaIsReadNowAndThenAndWhenItIsDoubted(t *testing.T) {
	now, reads := begin, 0
	var failure error
	c := deliver.QuotaCache{
		Read: func(context.Context) (ledger.Quota, error) {
			reads++
			return ledger.Quota{PerSecond: float64(reads)}, failure
		},
		Now: func() time.Time { return now }, MaxAge: time.Minute,
	}
	want := func(n int, at time.Time) {
		t.Helper()
		got, err := c.Quota(t.Context())
		if w := (ledger.Quota{PerSecond: float64(n), At: at}); err != nil || got != w {
			t.Errorf("got %+v, %v, want %+v", got, err, w)
		}
	}
	want(1, begin)
	now = begin.Add(time.Minute - 1)
	want(1, begin)
	now = begin.Add(time.Minute)
	want(2, now)
	c.Forget()
	failure = errors.New("no answer")
	if _, err := c.Quota(t.Context()); !errors.Is(err, failure) {
		t.Errorf("got error %v, want %v", err, failure)
	}
	failure = nil
	want(4, now)
}

// At a quota of 14 a second the last of 1,000 is sent within 2 % of 1,000/14 s.
func TestAThousandAreSentAsFastAsTheQuotaAllows(t *testing.T) {
	d := newDesk(t)
	d.quota = ledger.Quota{PerSecond: 14, PerDay: 50_000}
	for n := 0; n < 1000; n += deliver.ChunkSize {
		c := chunk()
		for i := range deliver.ChunkSize {
			c.Subscribers = append(c.Subscribers, fmt.Sprint("s", n+i))
		}
		d.handles(c, deliver.Report{Sent: deliver.ChunkSize})
	}
	got, want := d.last.Sub(begin), 1000*time.Second/14
	if diff := (got - want).Abs(); diff > want/50 || len(d.sent) != 1000 {
		t.Errorf("the last of %d was sent after %v, want within 2 %% of %v", len(d.sent), got, want)
	}
	t.Logf("the last of 1,000 after %v; the quota allows %v", got, want)
}
