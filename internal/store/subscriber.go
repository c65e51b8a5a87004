package store

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// addressItem says whose an address is. A subscription that ended leaves it without one, so that an
// old list that is imported again does not bring back who has left.
type addressItem struct {
	Subscriber     string     `json:"subscriber"` // id, "" for nobody
	UnsubscribedAt *time.Time `json:"unsubscribed_at"`
}

// TakenError says that an address is subscribed already.
type TakenError struct{ Subscriber string }

func (e *TakenError) Error() string { return "address is that of subscriber " + e.Subscriber }

// LeftError says that an address was unsubscribed.
type LeftError struct{ At time.Time }

func (e *LeftError) Error() string { return "address was unsubscribed" }

// Beside is what goes into the transaction of a change of a subscriber.
type Beside struct {
	Audit *Audit // who did what, when an operator did; id, page, time and subscriber are filled in
	// Answer makes what is to be given again for an Idempotency-Key from the subscriber as it will
	// be; nil, or a nil answer, for nothing.
	Answer func(*status.Subscriber, Asked) (*Answer, error)
	Mail   MailKind // to ask for, "" for none
	Limits []Limit  // that the mail counts against
	// Patient lets others go first with a confirmation: it is of a list, whose people do not wait for
	// it. A part of the daily cap is kept for those who ask themselves, and so is their place in line.
	Patient bool
	// Failing is what a mail of kind MailFailing tells; nil for the others.
	Failing *Failing
	// UnlessLeft refuses an address that was unsubscribed, with a *LeftError.
	UnlessLeft bool
}

// Subscriber reads one, in whatever state. An unknown or purged one is a status.Error of code NotFound.
func (a *Audience) Subscriber(ctx context.Context, page, id string) (*status.Subscriber, error) {
	items, err := a.table.Get(ctx, subscriberKey(page, id))
	if err != nil {
		return nil, fmt.Errorf("get subscriber %s: %w", id, err)
	}
	if items[0] == nil {
		return nil, status.NotFoundf("subscriber not found")
	}
	return decodeSubscriber(items[0])
}

// ByID reads those of some subscribers that there are, in the order of the ids.
func (a *Audience) ByID(ctx context.Context, page string, ids []string) ([]*status.Subscriber, error) {
	keys := make([]table.Key, len(ids))
	for i, id := range ids {
		keys[i] = subscriberKey(page, id)
	}
	items, err := a.table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("get subscribers: %w", err)
	}
	var list []*status.Subscriber
	for _, item := range items {
		if item == nil {
			continue
		}
		s, err := decodeSubscriber(item)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func decodeSubscriber(item *table.Item) (*status.Subscriber, error) {
	s, err := decode[status.Subscriber](item.Attributes)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", item.Key, err)
	}
	return &s, nil
}

// SubscriberAt finds whose an address is: the subscriber's id, "" for nobody. incident is "" but
// for subscribers of one incident.
func (a *Audience) SubscriberAt(ctx context.Context, page string, mode status.Mode, address, incident string) (string, error) {
	ids, err := a.SubscribersAt(ctx, page, mode, address, []string{incident})
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// SubscribersAt finds whose an address is among subscribers of several incidents, of which "" stands
// for the page.
func (a *Audience) SubscribersAt(ctx context.Context, page string, mode status.Mode, address string, incidents []string) ([]string, error) {
	keys := make([]table.Key, len(incidents))
	for i, incident := range incidents {
		keys[i] = addressKey(page, mode, address, incident)
	}
	items, err := a.table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("get address: %w", err)
	}
	var ids []string
	for _, item := range items {
		at, err := decodeAddress(item)
		if err != nil {
			return nil, err
		}
		if at.Subscriber != "" {
			ids = append(ids, at.Subscriber)
		}
	}
	return ids, nil
}

func decodeAddress(item *table.Item) (addressItem, error) {
	if item == nil {
		return addressItem{}, nil
	}
	at, err := decode[addressItem](item.Attributes)
	if err != nil {
		return addressItem{}, fmt.Errorf("decode address: %w", err)
	}
	return at, nil
}

// subscriberActions write a subscriber that was read at a version, 0 for a new one, and what its
// address says of it. Both expire together, so an address is free when its owner is purged.
func subscriberActions(s *status.Subscriber, version int64) []table.Action {
	s.Version = version + 1
	condition := table.Equals("version", version)
	if version == 0 {
		condition = table.Absent()
	}
	var expires time.Time
	if s.PurgeAt != nil {
		expires = *s.PurgeAt
	}
	actions := []table.Action{table.Put(table.Item{Key: subscriberKey(s.Page, s.ID), Attributes: encode(*s), Expires: expires}, condition)}
	if s.State == status.Unsubscribed {
		return actions // its address is known no more
	}
	address := table.Item{Key: addressKey(s.Page, s.Mode, s.Address(), s.Incident), Attributes: encode(addressItem{Subscriber: s.ID}), Expires: expires}
	return append(actions, table.Put(address))
}

// AddSubscriber keeps a new subscriber. An address that is subscribed is a *TakenError, one that is
// never mailed again a *SuppressedError. A wish for a mail that a limit forbids is a *LimitedError,
// and nothing is kept; but confirmations over the daily cap wait for their turn.
func (a *Audience) AddSubscriber(ctx context.Context, s *status.Subscriber, b Beside) (Asked, error) {
	var became Asked
	err := a.retry(ctx, "add subscriber", func() error {
		address := addressKey(s.Page, s.Mode, s.Address(), s.Incident)
		keys := []table.Key{address}
		if s.Mode == status.ModeEmail {
			keys = append(keys, suppressedKey(s.Email))
		}
		items, err := a.table.Get(ctx, keys...)
		if err != nil {
			return err
		}
		at, err := decodeAddress(items[0])
		switch {
		case err != nil:
			return err
		case at.Subscriber != "":
			return &TakenError{at.Subscriber}
		case b.UnlessLeft && at.UnsubscribedAt != nil:
			return &LeftError{*at.UnsubscribedAt}
		}
		if len(keys) > 1 {
			suppression, err := decodeSuppression(items[1])
			if err != nil {
				return err
			}
			if suppression != nil {
				return &SuppressedError{suppression.Reason}
			}
		}
		beside, asked, err := a.beside(ctx, s, b)
		if err != nil {
			return err
		}
		became = asked
		actions := subscriberActions(s, 0)
		free := table.Absent()
		if items[0] != nil {
			free = table.Equals("subscriber", "")
		}
		actions[1].If = append(actions[1].If, free)
		if len(keys) > 1 {
			actions = append(actions, table.Check(keys[1], table.Absent()))
		}
		return a.table.Write(ctx, append(actions, beside...)...)
	})
	return became, err
}

// beside makes the actions that go with a change of a subscriber, and keeps one whose mail waits.
func (a *Audience) beside(ctx context.Context, s *status.Subscriber, b Beside) ([]table.Action, Asked, error) {
	var actions []table.Action
	became, now := NotAsked, a.Now()
	if b.Mail != "" {
		var err error
		if actions, became, err = a.mailActions(ctx, s, b, now); err != nil {
			return nil, NotAsked, err
		}
	}
	if b.Audit != nil {
		audit := *b.Audit
		audit.Subscriber, audit.Count = s.ID, 1
		action, err := a.auditAction(s.Page, audit, now)
		if err != nil {
			return nil, NotAsked, err
		}
		actions = append(actions, action)
	}
	if b.Answer == nil {
		return actions, became, nil
	}
	answer, err := b.Answer(s, became)
	if err != nil || answer == nil {
		return actions, became, err
	}
	action, err := answerAction(s.Page, *answer, now)
	return append(actions, action), became, err
}

// UpdateSubscriber changes one by the methods of status.Subscriber; change runs anew when another
// change came first. Where it changes nothing and no mail is wished for, nothing is written. It
// answers the subscriber as it is afterwards. An error of change that is a status.Error is returned
// as it is.
func (a *Audience) UpdateSubscriber(ctx context.Context, page, id string, b Beside, change func(*status.Subscriber) error) (*status.Subscriber, Asked, error) {
	var after *status.Subscriber
	var became Asked
	err := a.retry(ctx, "update subscriber "+id, func() error {
		before, err := a.Subscriber(ctx, page, id)
		if err != nil {
			return err
		}
		after = before.Clone()
		if err := change(after); err != nil {
			return err
		}
		if b.Mail == "" && reflect.DeepEqual(before, after) {
			became = NotAsked
			return nil
		}
		beside, asked, err := a.beside(ctx, after, b)
		if err != nil {
			return err
		}
		became = asked
		actions := subscriberActions(after, before.Version)
		if after.State == status.Unsubscribed && before.State != status.Unsubscribed {
			left := table.Item{
				Key:        addressKey(before.Page, before.Mode, before.Address(), before.Incident),
				Attributes: encode(addressItem{UnsubscribedAt: after.UnsubscribedAt}),
			}
			if before.Incident != "" && after.PurgeAt != nil {
				left.Expires = *after.PurgeAt // no list is of an incident, so none could bring it back
			}
			actions = append(actions, table.Put(left))
		}
		if before.State == status.Unconfirmed && after.State == status.Active && after.Email != "" {
			// Its owner wants mails: what they ask for next today need not wait.
			actions = append(actions, table.Delete(limitKey(oneConfirmation(after.Email), a.Now())))
		}
		return a.table.Write(ctx, append(actions, beside...)...)
	})
	if err != nil {
		return nil, NotAsked, err
	}
	return after, became, nil
}

// SpoiltError says which records of a list cannot be decoded. It names their keys and nothing of what
// is in them.
type SpoiltError struct{ Keys []table.Key }

func (e *SpoiltError) Error() string {
	return fmt.Sprintf("%d records cannot be decoded, the first is %s", len(e.Keys), e.Keys[0])
}

// Subscribers reads one page of one part of a page's subscribers, in whatever state, in the order
// of their ids. after is the next of the answer before. All parts together are all subscribers. With a
// *SpoiltError come all that can be decoded, and the next, for those whom it must not hold up.
func (a *Audience) Subscribers(ctx context.Context, page string, part int, after string, limit int) (list []*status.Subscriber, next string, err error) {
	q := table.Prefix(AudiencePartition(page, part), prefixSubscriber)
	q.After, q.Limit = after, limit
	r, err := a.table.Query(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("list subscribers: %w", err)
	}
	list = make([]*status.Subscriber, 0, len(r.Items))
	var spoilt []table.Key
	for i := range r.Items {
		s, err := decodeSubscriber(&r.Items[i])
		if err != nil {
			spoilt = append(spoilt, r.Items[i].Key)
			continue
		}
		list = append(list, s)
	}
	if len(spoilt) > 0 {
		return list, r.Next, &SpoiltError{spoilt}
	}
	return list, r.Next, nil
}
