// Package dispatch finds the subscribers that an event concerns and puts work for the senders into
// their queues: chunks of ten for mail, one by one for webhooks and chat. It decides by the rules of
// internal/status, sends nothing itself, and records last that it is complete; tick has what was
// never recorded announced again. The function dispatch calls it.
package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"allclear/internal/queue"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Records keeps which events are dispatched. *ledger.Ledger is one.
type Records interface {
	Dispatched(ctx context.Context, page string, seq int64, recipients int) error
}

// Dispatcher dispatches events. All fields are needed.
type Dispatcher struct {
	Pages    *store.Store
	Audience *store.Audience
	Records  Records
	Mail     queue.Queue
	Webhook  queue.Queue // also for chat
	Logger   *slog.Logger
}

// Handle dispatches the event that a message of the topic names. Only page and number are taken from
// the message; what happened is read from the table, so a message that is forged or stale names an
// event that is not there, or has one dispatched once more.
//
// Running it twice, also at once, is harmless: the same subscribers are found and the same chunks
// enqueued, and of each only one claim succeeds. So one that fails, or whose time is up, is simply
// run again, by Lambda or by tick. All parts of the audience are tried whatever becomes of the
// others, and at each run another one comes first, so that runs that are cut short do not leave out
// the same subscribers every time.
func (d *Dispatcher) Handle(ctx context.Context, message string) error {
	var named struct {
		Page string `json:"page"`
		Seq  int64  `json:"seq"`
	}
	if err := json.Unmarshal([]byte(message), &named); err != nil {
		return &status.Error{Code: status.Malformed, Message: "the message is no event: " + err.Error()}
	}
	if !status.ValidID(named.Page) {
		return status.Invalidf("page", "is no id")
	}
	if named.Seq < 1 {
		return status.Invalidf("seq", "must be at least 1")
	}
	if err := d.dispatch(ctx, named.Page, named.Seq); err != nil {
		return fmt.Errorf("dispatch event %d of page %s: %w", named.Seq, named.Page, err)
	}
	return nil
}

func (d *Dispatcher) dispatch(ctx context.Context, page string, seq int64) error {
	events, err := d.Pages.Events(ctx, page, seq-1, 1)
	if err != nil {
		return err
	}
	if len(events) == 0 || events[0].Seq != seq {
		d.Logger.WarnContext(ctx, "no such event to dispatch", "page", page, "sequence", seq)
		return nil
	}
	e := &events[0]
	if e.Type == "" {
		return errors.New("it cannot be decoded")
	}
	if !e.Notifies() {
		return nil
	}
	incident, err := d.incident(ctx, e)
	if err != nil {
		return err
	}
	recipients := 0
	if notices := status.NoticesOf(e, incident); len(notices) > 0 { // else it is deleted, or backfilled
		cfg, err := d.Pages.Configuration(ctx, page)
		if err != nil {
			return err
		}
		if recipients, err = d.walk(ctx, e, notices, cfg); err != nil {
			return err
		}
	}
	d.Logger.InfoContext(ctx, "event dispatched", "page", page, "sequence", seq, "recipients", recipients)
	return d.Records.Dispatched(ctx, page, seq, recipients)
}

// incident reads what an event is about, nil for nothing or for what is gone.
func (d *Dispatcher) incident(ctx context.Context, e *status.Event) (*status.Incident, error) {
	if e.Incident == "" {
		return nil, nil //nolint:nilnil // absence is no error here and has no other sign
	}
	found, err := d.Pages.ByID(ctx, e.Page, []string{e.Incident})
	return found[e.Incident], err
}
