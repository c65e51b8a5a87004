package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"allclear/internal/status"
	"allclear/internal/store"
)

// Limits of requests about many subscribers.
const (
	maxUnsubscribed = 100 // Statuspage's
	maxBulk         = 300 // as many as fit into one request's time; the answer says how many are left
)

// bulk is a request about many subscribers: some by id, or all of a kind.
type bulk struct {
	all bool
	ids []string
	pick
}

// readBulk reads "subscribers", a list of ids or "all", with type and state beside it.
func (c *call) readBulk(state string) (bulk, error) {
	f := &fields{m: c.body}
	var b bulk
	if text, ok := f.m["subscribers"].(string); ok && text != "" {
		b.all = text == "all"
		b.ids = strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(`, []"`, r) })
	} else if ids := f.list("subscribers"); ids != nil {
		b.ids = *ids
	}
	if len(b.ids) == 0 {
		f.fail("subscribers", `can't be blank: give a list of ids, or "all"`)
	}
	f.flag("skip_unsubscription_notification") // nobody is mailed that they will not be mailed
	mode := f.given("type")
	if s := f.given("state"); s != nil && state == "" {
		state = *s
	}
	if f.err != nil {
		return bulk{}, f.err
	}
	var err error
	b.pick, err = readPick(*orBlank(mode), state)
	return b, err
}

func orBlank(s *string) *string {
	if s == nil {
		return new(string)
	}
	return s
}

// carryOut does something to every subscriber that a request is about, a bounded number of them,
// and answers for how many it did. do answers whether it did anything. Who is not there, or not in
// the state that the request is for, is passed over. Done again, it goes on with the rest.
func (c *call) carryOut(b bulk, workers int, more func(*status.Subscriber) bool, do func(page, id string) (bool, error)) (reply, error) {
	page, err := c.pageID()
	if err != nil {
		return reply{}, err
	}
	if given, err := c.answered(page); given != nil || err != nil {
		return valueOf(given), err
	}
	ids := b.ids
	if b.all {
		ids = nil
		err := c.visit(b.pick, func(s *status.Subscriber) {
			if more(s) {
				ids = append(ids, s.ID)
			}
		})
		if err != nil {
			return reply{}, err
		}
		slices.Sort(ids)
	} else if _, err := c.page(); err != nil {
		return reply{}, err
	}
	remaining := max(len(ids)-maxBulk, 0)
	var count atomic.Int64
	group := errgroup.Group{}
	group.SetLimit(workers)
	for _, id := range ids[:len(ids)-remaining] {
		group.Go(func() error {
			did, err := do(page, id)
			if did {
				count.Add(1)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return reply{}, err
	}
	given := reply{status: http.StatusCreated}
	if given.body, err = encode(doneJSON{Count: int(count.Load()), Remaining: remaining}); err != nil {
		return reply{}, err
	}
	if answer := c.once.keep(given); answer != nil {
		return given, c.audience.Remember(c.ctx(), page, *answer)
	}
	return given, nil
}

// errPassOver ends the change of one subscriber that a request about many is not about.
var errPassOver = errors.New("api: not about this subscriber")

// changeEach makes the same change of one of many.
func (c *call) changeEach(page, id string, b bulk, beside store.Beside, change func(*status.Subscriber) error) (bool, error) {
	if !status.ValidID(id) {
		return false, nil
	}
	_, asked, err := c.audience.UpdateSubscriber(c.ctx(), page, id, beside, func(s *status.Subscriber) error {
		if !b.takes(s) {
			return errPassOver
		}
		return change(s)
	})
	known := (*status.Error)(nil)
	switch {
	case err == nil:
		return asked != store.AskedToday, nil
	case errors.Is(err, errPassOver), errors.As(err, &known) && (known.Code == status.NotFound || known.Code == status.Invalid):
		return false, nil
	default:
		return false, err
	}
}

func (c *call) unsubscribeMany() (reply, error) {
	b, err := c.readBulk("")
	if err != nil {
		return reply{}, err
	}
	if len(b.ids) > maxUnsubscribed {
		return reply{}, status.Invalidf("subscribers", "can't be more than %d at once", maxUnsubscribed)
	}
	if b.all {
		count := 0
		if err := c.visit(b.pick, func(*status.Subscriber) { count++ }); err != nil {
			return reply{}, err
		}
		if count > maxUnsubscribed {
			return reply{}, status.Invalidf("subscribers", `can't be "all": there are %d, and at most %d leave at once`, count, maxUnsubscribed)
		}
	}
	everybody := func(*status.Subscriber) bool { return true }
	return c.carryOut(b, 4, everybody, func(page, id string) (bool, error) {
		return c.changeEach(page, id, b, store.Beside{Audit: c.audit(store.SubscriberUnsubscribed)}, func(s *status.Subscriber) error {
			s.Unsubscribe(c.audience.Now())
			return nil
		})
	})
}

// reactivateMany takes subscribers out of quarantine. Those whose mail bounced stay there.
func (c *call) reactivateMany() (reply, error) {
	b, err := c.readBulk(string(status.Quarantined))
	if err != nil {
		return reply{}, err
	}
	able := func(s *status.Subscriber) bool { return !s.Reason.Final() }
	return c.carryOut(b, 4, able, func(page, id string) (bool, error) {
		if err := c.bar(page, id); err != nil {
			return false, err
		}
		return c.changeEach(page, id, b, store.Beside{Audit: c.audit(store.SubscriberReactivated)}, func(s *status.Subscriber) error {
			return s.Reactivate(c.audience.Now())
		})
	})
}

// bar makes the quarantine of a subscriber final whose address is never mailed again because of
// another subscription: to another page, or to one incident.
func (c *call) bar(page, id string) error {
	if !status.ValidID(id) {
		return nil
	}
	list, err := c.audience.ByID(c.ctx(), page, []string{id})
	if err != nil || len(list) == 0 || list[0].Mode != status.ModeEmail || list[0].State != status.Quarantined {
		return err
	}
	suppression, err := c.audience.Suppressed(c.ctx(), list[0].Email)
	if err != nil || suppression == nil {
		return err
	}
	return c.audience.Suppress(c.ctx(), page, id, list[0].Email, suppression.Reason)
}

// resendConfirmations asks for one more confirmation mail each. "all" are those who were not asked
// today and do not wait to be. One after the other, since all count against the same cap; visitors who
// ask for themselves go first.
func (c *call) resendConfirmations() (reply, error) {
	b, err := c.readBulk(string(status.Unconfirmed))
	if err != nil {
		return reply{}, err
	}
	today := c.audience.Now().Format(status.DateLayout)
	unasked := func(s *status.Subscriber) bool {
		return s.PurgeAt != nil && s.PurgeAt.Add(-status.UnconfirmedFor).Format(status.DateLayout) < today
	}
	return c.carryOut(b, 1, unasked, func(page, id string) (bool, error) {
		beside := store.Beside{Audit: c.audit(store.SubscriberAsked), Mail: store.MailConfirm, Limits: c.confirmationLimits(page), Patient: true}
		return c.changeEach(page, id, b, beside, func(s *status.Subscriber) error {
			return s.AwaitConfirmation(c.audience.Now())
		})
	})
}
