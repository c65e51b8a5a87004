package api_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allclear/internal/api"
	"allclear/internal/ledger"
	"allclear/internal/memory"
)

// counter is a ledger that counts how often it is asked for evidence.
type counter struct {
	*ledger.Ledger
	asked atomic.Int64
	err   error
}

func (c *counter) Evidence(ctx context.Context, subject string) (ledger.Evidence, error) {
	c.asked.Add(1)
	if c.err != nil {
		return ledger.Evidence{}, c.err
	}
	return c.Ledger.Evidence(ctx, subject)
}

// evidenced is a desk with a ledger by the same clock.
func evidenced(t *testing.T) (*desk, *counter) {
	t.Helper()
	c := &counter{}
	d := newDesk(t, func(o *api.Options) { o.Evidence = c })
	c.Ledger = ledger.New(memory.New(memory.Options{Now: d.clock.Now}).Table("deliveries"), d.clock.Now)
	return d, c
}

// tell claims the notification of an event to somebody and records what came of it, "" for nothing yet.
func (c *counter) tell(t *testing.T, incident, subscriber string, seq int64, states ...ledger.State) {
	t.Helper()
	target := ledger.Target{Subscriber: subscriber, Seq: seq}
	claim, err := c.Claim(t.Context(), incident, target, "worker")
	if err != nil || claim.Result != ledger.Taken {
		t.Fatalf("got claim %+v, %v", claim, err)
	}
	for n, state := range states {
		if n == 0 {
			err = c.Finish(t.Context(), claim, state)
		} else {
			_, err = c.Settle(t.Context(), incident, target, state, claim.Until)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// deliveriesPath is that of the evidence of an incident.
func deliveriesPath(incident string) string { return base + "/incidents/" + incident + "/deliveries" }

// toldOf is an incident with two updates of which subscribers were told in all ways, and one thing
// that the history does not know.
func toldOf(t *testing.T, d *desk, c *counter) string {
	t.Helper()
	id := d.incident(`"name":"Errors","body":"We look."`)["id"].(string)
	first := d.seq()
	c.tell(t, id, "delivered", first, ledger.Sent, ledger.Delivered)
	c.tell(t, id, "bounced", first, ledger.Sent, ledger.Bounced)
	c.tell(t, id, "failed", first, ledger.Failed)
	c.tell(t, id, "lost", first, ledger.Unknown)
	c.tell(t, id, "unwanted", first, ledger.Skipped)
	d.clock.advance(time.Hour)
	d.must(200, "PATCH", base+"/incidents/"+id, `{"incident":{"status":"resolved"}}`)
	second := d.seq()
	c.tell(t, id, "delivered", second, ledger.Sent)
	c.tell(t, id, "pending", second)
	c.tell(t, id, "late", 999, ledger.Sent)
	return id
}

func TestDeliveriesOfAnIncidentAreCountedInAllAndByEvent(t *testing.T) {
	d, c := evidenced(t)
	golden(t, "deliveries.json", d.must(200, "GET", deliveriesPath(toldOf(t, d, c)), "").Body)
}

func TestAnIncidentThatNobodyWasToldOfHasNoDeliveries(t *testing.T) {
	d, _ := evidenced(t)
	id := d.incident(`"name":"Quiet","deliver_notifications":false`)["id"].(string)
	golden(t, "deliveries_none.json", d.must(200, "GET", deliveriesPath(id), "").Body)
}

func TestDeliveriesAreCountedAgainOnlyAfterSomeSeconds(t *testing.T) {
	d, c := evidenced(t)
	id, other := toldOf(t, d, c), d.incident(`"name":"Other"`)["id"].(string)
	read := func(id string) float64 {
		t.Helper()
		return d.must(200, "GET", deliveriesPath(id), "").object()["recipients"].(float64)
	}
	before := read(id)
	c.tell(t, id, "one more", d.seq(), ledger.Sent)
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			if got := d.serve(request(t.Context(), "GET", deliveriesPath(id), "")); got.Code != 200 {
				t.Errorf("got %d %s", got.Code, got.Body)
			}
		})
	}
	readers.Wait()
	d.clock.advance(9 * time.Second)
	if got := read(id); got != before || c.asked.Load() != 1 {
		t.Errorf("got %v after %d counts, want still %v", got, c.asked.Load(), before)
	}
	if got := read(other); got != 0 || c.asked.Load() != 2 {
		t.Errorf("got %v of the other incident after %d counts", got, c.asked.Load())
	}
	d.clock.advance(time.Second)
	if got := read(id); got != before+1 || c.asked.Load() != 3 {
		t.Errorf("got %v after %d counts, want %v", got, c.asked.Load(), before+1)
	}
}

func TestCountsOfManyIncidentsAreNotKept(t *testing.T) {
	d, c := evidenced(t)
	first := d.incident(`"name":"x"`)["id"].(string)
	d.must(200, "GET", deliveriesPath(first), "")
	for range 100 {
		d.must(200, "GET", deliveriesPath(d.incident(`"name":"x"`)["id"].(string)), "")
	}
	d.must(200, "GET", deliveriesPath(first), "")
	if got := c.asked.Load(); got != 102 {
		t.Errorf("got %d counts, want the first to be forgotten", got)
	}
}

func TestDeliveriesThatCannotBeCountedAreAFailureAndTriedAgain(t *testing.T) {
	d, c := evidenced(t)
	id := toldOf(t, d, c)
	c.err = errors.New("table is down")
	if got := problem(t, d.must(500, "GET", deliveriesPath(id), "")); strings.Contains(got, "table") {
		t.Errorf("got %q, want no detail", got)
	}
	c.err = nil
	if got := d.must(200, "GET", deliveriesPath(id), "").object()["recipients"]; got != 7.0 {
		t.Errorf("got %v, want 7", got)
	}
}

func TestDeliveriesAreThereForIncidentsAloneAndWhereThereIsALedger(t *testing.T) {
	d, _ := evidenced(t)
	d.must(404, "GET", deliveriesPath("nosuch"), "")
	id := d.incident(`"name":"x"`)["id"].(string)
	d.must(405, "POST", deliveriesPath(id), "")
	d.must(404, "GET", "/v1/pages/otherpage/incidents/"+id+"/deliveries", "")
	without := newDesk(t)
	id = without.incident(`"name":"x"`)["id"].(string)
	without.must(404, "GET", deliveriesPath(id), "")
}
