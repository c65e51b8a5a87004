package subscribe

import (
	"context"
	"errors"
	"time"

	"allclear/internal/address"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
)

// wish is what somebody wants to subscribe, and to what.
type wish struct {
	email address.Address // that mails go to, or that answers for the endpoint
	// endpoint and mode are where everything but mail goes; mode is email without one.
	endpoint   webhook.Endpoint
	mode       status.Mode
	components []string // none for the whole page
	kinds      []status.NoticeKind
	incident   string
}

// address is what the subscription is found by.
func (w wish) address() string {
	if w.mode == status.ModeEmail {
		return w.email.String()
	}
	return w.endpoint.URL()
}

// answerAfter is when the answer to a request about an address leaves: later than the longest way
// through the store takes, so that its time tells nothing of what was found there.
const answerAfter = 400 * time.Millisecond

// level waits until an answer that was begun at a moment may leave.
func (h *handler) level(ctx context.Context, began time.Time) {
	h.Wait(ctx, answerAfter-time.Since(began))
}

// wait waits for so long, or until nobody waits for the answer any more.
func wait(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// allowed refuses what the operator does not offer.
func allowed(s status.Settings, w wish) error {
	page, incidents := s.Subscribable()
	switch {
	case w.incident == "" && !page:
		return status.Invalidf("", "This page takes no subscriptions")
	case w.incident != "" && !incidents:
		return status.Invalidf("", "This page takes no subscriptions to single incidents")
	case w.mode == status.ModeEmail && !s.AllowEmailSubscribers:
		return status.Invalidf(fieldEmail, "can't be subscribed: this page sends no mails, only webhooks")
	case w.mode != status.ModeEmail && !s.AllowWebhookSubscribers:
		return status.Invalidf(fieldEndpoint, "can't be subscribed: this page posts to no webhooks")
	}
	return nil
}

// attempts bounds how often a wish is taken up anew when others change the same subscription.
const attempts = 4

// fulfil subscribes somebody, or does for who is known what is left to do: the mail that confirms
// again, or the link to what is subscribed. Whoever asks is not told which.
func (h *handler) fulfil(ctx context.Context, page string, w wish) error {
	for range attempts {
		err := h.add(ctx, page, w)
		taken, suppressed := (*store.TakenError)(nil), (*store.SuppressedError)(nil)
		switch {
		case errors.As(err, &suppressed):
			return nil // its owner does not want our mail, or there is no such mailbox
		case errors.As(err, &taken):
			err = h.remind(ctx, page, taken.Subscriber, &w)
		}
		if !errors.Is(err, errAnew) {
			return err
		}
	}
	return &status.Error{Code: status.Conflict, Message: "This subscription is being changed by others; try again"}
}

func (h *handler) add(ctx context.Context, page string, w wish) error {
	want := status.Subscriber{
		Page: page, Mode: w.mode, Email: w.email.String(), Components: w.components, Kinds: w.kinds,
		Incident: w.incident, Origin: status.FromVisitor,
	}
	if w.mode != status.ModeEmail {
		want.Endpoint = w.endpoint.URL()
	}
	s, err := status.NewSubscriber(want, false, h.Audience.Stamp())
	if err != nil {
		return err
	}
	_, err = h.Audience.AddSubscriber(ctx, s, h.confirmation(page))
	return err
}

// confirmation asks for the mail that confirms.
func (h *handler) confirmation(page string) store.Beside {
	return store.Beside{Mail: store.MailConfirm, Limits: []store.Limit{store.DailyConfirmations(page, h.Limits.Confirmations)}}
}

// errAnew says that the subscriber is no longer what was read, or is out of the way now.
var errAnew = errors.New("subscribe: the subscriber has changed")

// remind asks for the mail that a known subscriber needs. One that was not confirmed takes over what
// is wished for now; one whose owner would be another gives way, or a slip of the pen would keep an
// endpoint from its owner for a month. w is nil where nothing is wished for but the link.
func (h *handler) remind(ctx context.Context, page, id string, w *wish) error {
	s, err := h.Audience.Subscriber(ctx, page, id)
	if status.IsNotFound(err) {
		return errAnew
	}
	if err != nil {
		return err
	}
	was := s.State
	beside, change := store.Beside{}, func(*status.Subscriber) error { return nil }
	switch {
	case was == status.Unsubscribed:
		return errAnew
	case s.Reason.Final():
		return nil // nothing is mailed there
	case s.ConfirmedAt != nil:
		beside.Mail = store.MailManage
	default: // also one in quarantine, whom no mail that asks has reached
		if w != nil && w.mode != status.ModeEmail && s.Email != w.email.String() {
			return h.giveWay(ctx, page, id)
		}
		beside = h.confirmation(page)
		change = func(s *status.Subscriber) error {
			now := h.Audience.Now()
			if was == status.Quarantined {
				if err := s.Reactivate(now); err != nil {
					return err
				}
			}
			if w != nil {
				if err := s.Choose(w.components, w.kinds, now); err != nil {
					return err
				}
			}
			return s.AwaitConfirmation(now)
		}
	}
	_, _, err = h.Audience.UpdateSubscriber(ctx, page, id, beside, func(s *status.Subscriber) error {
		if s.State != was {
			return errAnew
		}
		return change(s)
	})
	return err
}

// giveWay ends a subscription that was never confirmed.
func (h *handler) giveWay(ctx context.Context, page, id string) error {
	_, _, err := h.Audience.UpdateSubscriber(ctx, page, id, store.Beside{}, func(s *status.Subscriber) error {
		if s.ConfirmedAt == nil {
			s.Unsubscribe(h.Audience.Now())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errAnew
}

// sendLink asks for the links to what is subscribed at an address: to the page, and to incidents that
// are not over. Nobody has to remember which.
func (h *handler) sendLink(ctx context.Context, page string, w wish) error {
	open, err := h.Store.Open(ctx, page)
	if err != nil {
		return err
	}
	to := []string{""}
	for _, i := range open {
		to = append(to, i.ID)
	}
	ids, err := h.Audience.SubscribersAt(ctx, page, w.mode, w.address(), to)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := h.remind(ctx, page, id, nil); err != nil && !errors.Is(err, errAnew) { // else it has left meanwhile
			return err
		}
	}
	return nil
}
