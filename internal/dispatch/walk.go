package dispatch

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"allclear/internal/deliver"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Sizes of a walk. Together they bound its memory: so many pages of subscribers are held at once,
// however many there are.
const (
	partsAtOnce = 8
	pageSize    = 250
)

// walk is one event on its way through the audience.
type walk struct {
	*Dispatcher
	event      *status.Event
	notices    []status.Notice
	cfg        *status.Configuration
	recipients atomic.Int64
}

// walk enqueues chunks for all subscribers of a page that want one of the notices, and answers how
// many subscribers those are. One part's failure does not keep the others from being walked.
func (d *Dispatcher) walk(ctx context.Context, e *status.Event, notices []status.Notice, cfg *status.Configuration) (int, error) {
	w := &walk{Dispatcher: d, event: e, notices: notices, cfg: cfg}
	var group errgroup.Group
	group.SetLimit(partsAtOnce)
	first := int(d.Pages.Now().Unix() % store.AudienceParts)
	for n := range store.AudienceParts {
		group.Go(func() error { return w.part(ctx, (first+n)%store.AudienceParts) })
	}
	err := group.Wait()
	return int(w.recipients.Load()), err
}

// part walks one part of the audience in the order of its ids, so that its chunks are the same
// each time.
func (w *walk) part(ctx context.Context, part int) error {
	o := outbox{
		mail: batch{queue: w.Mail}, webhook: batch{queue: w.Webhook},
		chunks: make([][]string, len(w.notices)),
	}
	for after := ""; ; {
		list, next, err := w.Audience.Subscribers(ctx, w.event.Page, part, after, pageSize)
		if spoilt := (*store.SpoiltError)(nil); errors.As(err, &spoilt) {
			// They can be told nothing, now or at another run, and are no reason to forget the others.
			w.Logger.ErrorContext(ctx, "subscribers who cannot be read are not told",
				"page", w.event.Page, "sequence", w.event.Seq, "subscribers", len(spoilt.Keys), "key", spoilt.Keys[0].String())
		} else if err != nil {
			return err
		}
		for _, s := range list {
			if err := w.tell(ctx, &o, s); err != nil {
				return err
			}
		}
		if after = next; next == "" {
			return w.flush(ctx, &o)
		}
	}
}

// outbox is what one part has found and not sent yet.
type outbox struct {
	mail, webhook batch
	chunks        [][]string // by notice: subscribers by mail, fewer than a chunk
}

// tell puts a subscriber into the chunks of the notices that it wants.
func (w *walk) tell(ctx context.Context, o *outbox, s *status.Subscriber) error {
	told := false
	for i, n := range w.notices {
		if !s.Wants(n, w.cfg) {
			continue
		}
		told = true
		if s.Mode != status.ModeEmail {
			if err := o.webhook.add(ctx, w.chunk(i, s.ID)); err != nil {
				return err
			}
			continue
		}
		if o.chunks[i] = append(o.chunks[i], s.ID); len(o.chunks[i]) == deliver.ChunkSize {
			if err := o.mail.add(ctx, w.chunk(i, o.chunks[i]...)); err != nil {
				return err
			}
			o.chunks[i] = o.chunks[i][:0]
		}
	}
	if told {
		w.recipients.Add(1)
	}
	return nil
}

// flush sends what is left at the end of a part.
func (w *walk) flush(ctx context.Context, o *outbox) error {
	for i, ids := range o.chunks {
		if len(ids) == 0 {
			continue
		}
		if err := o.mail.add(ctx, w.chunk(i, ids...)); err != nil {
			return err
		}
	}
	if err := o.mail.send(ctx); err != nil {
		return err
	}
	return o.webhook.send(ctx)
}

// chunk asks for one of the notices to be sent to some subscribers.
func (w *walk) chunk(notice int, subscribers ...string) deliver.Chunk {
	return deliver.Chunk{
		Page: w.event.Page, Subject: w.notices[notice].Subject(), Seq: w.event.Seq, Subscribers: subscribers,
	}
}
