package api

import (
	"context"
	"sync"
	"time"

	"allclear/internal/ledger"
	"allclear/internal/status"
)

// Evidence counts what became of the notifications of an incident. *ledger.Ledger is one.
type Evidence interface {
	Evidence(ctx context.Context, subject string) (ledger.Evidence, error)
}

// evidenceKept is how long counts are given again: to count means to read a row for each subscriber.
const evidenceKept = 10 * time.Second

// evidenceMost bounds the memory of counts.
const evidenceMost = 100

// counted is what was counted of one incident. Who asks meanwhile waits for the same counts.
type counted struct {
	mu sync.Mutex
	ledger.Evidence
	at time.Time
}

// counts remembers what was counted a moment ago, in the memory of the handler.
type counts struct {
	evidence Evidence
	mu       sync.Mutex
	recent   map[string]*counted
}

func newCounts(e Evidence) *counts { return &counts{evidence: e, recent: map[string]*counted{}} }

// of counts the notifications of an incident, or did so less than evidenceKept ago; at is when.
func (c *counts) of(ctx context.Context, incident string, now func() time.Time) (e ledger.Evidence, at time.Time, err error) {
	entry := c.entry(incident)
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if start := now(); entry.at.IsZero() || start.Sub(entry.at) >= evidenceKept {
		if e, err = c.evidence.Evidence(ctx, incident); err != nil {
			return ledger.Evidence{}, time.Time{}, err
		}
		entry.Evidence, entry.at = e, start
	}
	return entry.Evidence, entry.at, nil
}

func (c *counts) entry(incident string) *counted {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.recent[incident] == nil {
		if len(c.recent) >= evidenceMost {
			clear(c.recent) // cheap to count anew, and rare
		}
		c.recent[incident] = &counted{}
	}
	return c.recent[incident]
}

// deliveryCounts say what became of notifications. Delivered, bounced and unknown are parts of sent;
// recipients are pending, sent and failed together.
type deliveryCounts struct {
	Recipients  int     `json:"recipients"`
	Pending     int     `json:"pending"` // under way for less than an hour
	Sent        int     `json:"sent"`
	Delivered   int     `json:"delivered"` // accepted by the receiving side
	Bounced     int     `json:"bounced"`
	Failed      int     `json:"failed"`  // refused before anything left
	Unknown     int     `json:"unknown"` // no answer within an hour: may have been sent, is not sent again
	FirstSentAt *string `json:"first_sent_at"`
	LastSentAt  *string `json:"last_sent_at"`
}

// deliveriesJSON is the evidence of one incident. Statuspage shows none, so its form is our own.
type deliveriesJSON struct {
	IncidentID  string `json:"incident_id"`
	CountedAt   string `json:"counted_at"`
	Subscribers int    `json:"subscribers"` // each once
	deliveryCounts
	Events []eventDeliveriesJSON `json:"events"` // oldest first
}

// eventDeliveriesJSON is the evidence of one thing that subscribers were told.
type eventDeliveriesJSON struct {
	Sequence   int64             `json:"sequence"` // of the event in the page's history
	Type       *status.EventType `json:"type"`     // null where the history does not know it
	UpdateID   *string           `json:"incident_update_id"`
	Status     *string           `json:"status"` // of the update
	OccurredAt *string           `json:"occurred_at"`
	deliveryCounts
}

// listDeliveries counts what subscribers were told of an incident or maintenance, and what came of
// it, in all and for each event. In total a subscriber counts once for each event.
func (c *call) listDeliveries() (reply, error) {
	if c.counts == nil {
		return reply{}, errNoSuchPath
	}
	page, err := c.page()
	if err != nil {
		return reply{}, err
	}
	incident, err := c.incidentOf(page.ID)
	if err != nil {
		return reply{}, err
	}
	e, at, err := c.counts.of(c.ctx(), incident.ID, c.store.Now)
	if err != nil {
		return reply{}, err
	}
	v := c.viewOf(page, nil)
	shown := deliveriesJSON{
		IncidentID: incident.ID, CountedAt: v.time(at), Subscribers: e.Subscribers,
		deliveryCounts: v.deliveries(e.Total), Events: make([]eventDeliveriesJSON, len(e.Events)),
	}
	for n, counts := range e.Events {
		if shown.Events[n], err = c.eventDeliveries(v, counts); err != nil {
			return reply{}, err
		}
	}
	return found(shown)
}

// eventDeliveries adds what the history says of an event to its counts.
func (c *call) eventDeliveries(v view, counts ledger.EventCounts) (eventDeliveriesJSON, error) {
	shown := eventDeliveriesJSON{Sequence: counts.Seq, deliveryCounts: v.deliveries(counts.Counts)}
	events, err := c.store.EventsUpTo(c.ctx(), v.page.ID, counts.Seq-1, counts.Seq, 1)
	if err != nil || len(events) == 0 || events[0].Type == "" {
		return shown, err
	}
	shown.Type, shown.OccurredAt = &events[0].Type, v.timeOrNull(&events[0].At)
	if u := events[0].Update; u != nil {
		shown.UpdateID, shown.Status = textOrNull(u.ID), textOrNull(u.Status)
	}
	return shown, nil
}

func (v view) deliveries(c ledger.Counts) deliveryCounts {
	shown := deliveryCounts{
		Recipients: c.Recipients, Pending: c.Pending, Sent: c.Sent, Delivered: c.Delivered,
		Bounced: c.Bounced, Failed: c.Failed, Unknown: c.Unknown,
	}
	if !c.FirstSent.IsZero() {
		shown.FirstSentAt, shown.LastSentAt = v.timeOrNull(&c.FirstSent), v.timeOrNull(&c.LastSent)
	}
	return shown
}
