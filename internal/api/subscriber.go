package api

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"

	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
)

func errNoSubscriber() error { return status.NotFoundf("subscriber not found") }

// incidentOf is the incident that the path names, nil where it names none. It must be there.
func (c *call) incidentOf(page string) (*status.Incident, error) {
	if c.r.PathValue("incident") == "" {
		return nil, nil //nolint:nilnil // most paths of subscribers name none
	}
	return c.store.Incident(c.ctx(), page, c.id("incident"))
}

// ending is a view that knows which incidents of some subscribers are over: it shows when the
// subscription ends then.
func (c *call) ending(v view, subscribers ...*status.Subscriber) (view, error) {
	var incidents []string
	for _, s := range subscribers {
		if s.Incident != "" && !slices.Contains(incidents, s.Incident) {
			incidents = append(incidents, s.Incident)
		}
	}
	if len(incidents) == 0 {
		return v, nil
	}
	var err error
	v.over, err = c.store.Over(c.ctx(), v.page.ID, incidents)
	return v, err
}

// subscribed tells whether a subscriber is there for operators at this path: who has unsubscribed
// is gone, and under an incident there are only those of that incident.
func (c *call) subscribed(s *status.Subscriber) bool {
	incident := c.r.PathValue("incident")
	return s.State != status.Unsubscribed && (incident == "" || s.Incident == incident)
}

func (c *call) getSubscriber() (reply, error) {
	page, err := c.page()
	if err != nil {
		return reply{}, err
	}
	s, err := c.audience.Subscriber(c.ctx(), page.ID, c.id("subscriber"))
	if err != nil {
		return reply{}, err
	}
	if !c.subscribed(s) {
		return reply{}, errNoSubscriber()
	}
	v, err := c.ending(c.viewOf(page, nil), s)
	if err != nil {
		return reply{}, err
	}
	return found(v.subscriber(s))
}

// createSubscriber adds one to the page, or to an incident where the path names one: not to one that
// is over, of which there is nothing more to hear.
func (c *call) createSubscriber() (reply, error) {
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	incident, err := c.incidentOf(v.page.ID)
	if err != nil {
		return reply{}, err
	}
	if given, err := c.answered(v.page.ID); given != nil || err != nil {
		return valueOf(given), err
	}
	about := ""
	if incident != nil {
		if about = incident.ID; !incident.Open() {
			return reply{}, status.Invalidf("subscriber", "can't be subscribed: the incident is over")
		}
	}
	want, confirmed, err := c.readSubscriber(c.subscriberFields(), v.cfg, about)
	if err != nil {
		return reply{}, err
	}
	want.Page = v.page.ID
	s, err := status.NewSubscriber(want, confirmed, c.audience.Stamp())
	if err != nil {
		return reply{}, inSubscriber(err)
	}
	given := reply{status: http.StatusCreated}
	answer := func(s *status.Subscriber, _ store.Asked) (*store.Answer, error) {
		created := v.subscriber(s)
		created.SigningSecret = newestSecret(s)
		if given.body, err = encode(created); err != nil {
			return nil, err
		}
		return c.once.keep(given), nil
	}
	beside := store.Beside{Audit: c.audit(store.SubscriberCreated), Answer: answer}
	if s.State == status.Unconfirmed {
		beside.Mail, beside.Limits = store.MailConfirm, c.confirmationLimits(v.page.ID)
	}
	if _, err := c.audience.AddSubscriber(c.ctx(), s, beside); err != nil {
		if before, once := c.answered(v.page.ID); before != nil || once != nil {
			return valueOf(before), once // the same request came first, a moment ago
		}
		return reply{}, refusalOf(s, err)
	}
	return given, nil
}

// refusalOf words what the store found wrong with a new subscriber.
func refusalOf(s *status.Subscriber, err error) error {
	field := "subscriber.endpoint"
	if s.Mode == status.ModeEmail {
		field = "subscriber.email"
	}
	if taken := (*store.TakenError)(nil); errors.As(err, &taken) {
		return status.Invalidf(field, "is subscribed already, as %s", taken.Subscriber)
	}
	if suppressed := (*store.SuppressedError)(nil); errors.As(err, &suppressed) {
		if suppressed.Reason == status.Complained {
			return status.Invalidf(field, "can't be subscribed: its owner complained of a mail")
		}
		return status.Invalidf(field, "can't be subscribed: mail to it bounced")
	}
	return err
}

func (c *call) audit(action store.AuditAction) *store.Audit {
	return &store.Audit{Action: action, Actor: c.actor()}
}

func (c *call) actor() status.Actor { return status.Actor{Kind: status.ActorKey, Name: c.key.Name} }

func (c *call) confirmationLimits(page string) []store.Limit {
	return []store.Limit{store.DailyConfirmations(page, c.confirmations)}
}

// answered is the answer that the same request about subscribers was given before, nil for none.
func (c *call) answered(page string) (*reply, error) {
	err := c.once.check(c.ctx(), c.audience, page)
	if before := (*again)(nil); errors.As(err, &before) {
		given := before.reply()
		return &given, nil
	}
	return nil, err
}

func valueOf(given *reply) reply {
	if given == nil {
		return reply{}
	}
	return *given
}

// oneChange is a change of the subscriber in the path.
type oneChange struct {
	status int
	action store.AuditAction
	mail   store.MailKind
	change func(*status.Subscriber) error
	body   func(view, *status.Subscriber, store.Asked) any // made from the subscriber as it is afterwards
}

// changeOne makes it and answers, with the answer kept in the same transaction.
func (c *call) changeOne(o oneChange) (reply, error) {
	page, err := c.page()
	if err != nil {
		return reply{}, err
	}
	if given, err := c.answered(page.ID); given != nil || err != nil {
		return valueOf(given), err
	}
	v := c.viewOf(page, nil)
	given := reply{status: o.status}
	show := func(s *status.Subscriber, asked store.Asked) error {
		v, err := c.ending(v, s)
		if err == nil {
			given.body, err = encode(o.body(v, s, asked))
		}
		return err
	}
	answer := func(s *status.Subscriber, asked store.Asked) (*store.Answer, error) {
		if err := show(s, asked); err != nil {
			return nil, err
		}
		return c.once.keep(given), nil
	}
	beside := store.Beside{Audit: c.audit(o.action), Answer: answer, Mail: o.mail}
	if o.mail != "" {
		beside.Limits = c.confirmationLimits(page.ID)
	}
	s, asked, err := c.audience.UpdateSubscriber(c.ctx(), page.ID, c.id("subscriber"), beside, func(s *status.Subscriber) error {
		if !c.subscribed(s) {
			return errNoSubscriber()
		}
		return inSubscriber(o.change(s))
	})
	if err != nil {
		if before, once := c.answered(page.ID); before != nil || once != nil {
			return valueOf(before), once
		}
		return reply{}, err
	}
	if given.body == nil { // nothing changed
		err = show(s, asked)
	}
	return given, err
}

// changeSubscriber sets what it hears of. As on Statuspage, a request without component_ids
// subscribes to the whole page.
func (c *call) changeSubscriber() (reply, error) {
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	f := c.subscriberFields()
	components := f.chosen(v.cfg)
	kinds := f.kinds()
	if f.err != nil {
		return reply{}, f.err
	}
	return c.changeOne(oneChange{
		status: http.StatusOK, action: store.SubscriberUpdated,
		change: func(s *status.Subscriber) error {
			heard := s.Kinds
			if kinds != nil {
				heard = *kinds
			}
			return s.Choose(components, heard, c.audience.Now())
		},
		body: func(v view, s *status.Subscriber, _ store.Asked) any { return v.subscriber(s) },
	})
}

// deleteSubscriber unsubscribes one and answers what it was.
func (c *call) deleteSubscriber() (reply, error) {
	if _, err := c.truth("skip_unsubscription_notification"); err != nil {
		return reply{}, err
	}
	var before *status.Subscriber
	return c.changeOne(oneChange{
		status: http.StatusOK, action: store.SubscriberUnsubscribed,
		change: func(s *status.Subscriber) error {
			before = s.Clone()
			s.Unsubscribe(c.audience.Now())
			return nil
		},
		body: func(v view, _ *status.Subscriber, _ store.Asked) any { return v.subscriber(before) },
	})
}

// resendConfirmation asks for one more confirmation mail. When one was asked for today already,
// there is no other: the count says so.
func (c *call) resendConfirmation() (reply, error) {
	return c.changeOne(oneChange{
		status: http.StatusCreated, action: store.SubscriberAsked, mail: store.MailConfirm,
		change: func(s *status.Subscriber) error { return s.AwaitConfirmation(c.audience.Now()) },
		body: func(_ view, _ *status.Subscriber, asked store.Asked) any {
			if asked == store.AskedToday {
				return doneJSON{}
			}
			return doneJSON{Count: 1}
		},
	})
}

// rotateSecret gives a webhook a new signing secret beside the one before, and shows it this once.
// Statuspage signs nothing, so this path is our own.
func (c *call) rotateSecret() (reply, error) {
	secret, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		return reply{}, err
	}
	return c.changeOne(oneChange{
		status: http.StatusCreated, action: store.SubscriberSecret,
		change: func(s *status.Subscriber) error { return s.Rotate(secret.Text(), c.audience.Now()) },
		body: func(v view, s *status.Subscriber, _ store.Asked) any {
			shown := v.subscriber(s)
			shown.SigningSecret = newestSecret(s)
			return shown
		},
	})
}
