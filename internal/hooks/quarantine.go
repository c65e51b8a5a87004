package hooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"allclear/internal/ledger"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook/sender"
)

// errInactive says that a subscriber is not to be quarantined any more: somebody else has, or it left.
var errInactive = errors.New("hooks: subscriber is not active")

// quarantine stops an endpoint. Its owner's mail is asked for in the same transaction, so it is sent
// once, by whoever sends such mails. An endpoint that said 410 wants no more; that is no news to its
// owner.
func (m *message) quarantine(ctx context.Context, s *status.Subscriber, why status.QuarantineReason, failing ledger.Failing) error {
	var beside store.Beside
	if why == status.Failing && s.Email != "" && !s.Quiet {
		beside.Mail = store.MailFailing
		beside.Failing = &store.Failing{Host: m.host(s), Since: failing.Since, Reason: failing.Reason}
	}
	_, _, err := m.Audience.UpdateSubscriber(ctx, m.page, m.subscriber, beside, func(now *status.Subscriber) error {
		if now.State != status.Active {
			return errInactive
		}
		return now.Quarantine(why, m.Now())
	})
	switch {
	case errors.Is(err, errInactive), status.IsNotFound(err):
	case err != nil:
		return err
	default:
		m.Logger.WarnContext(ctx, "endpoint quarantined", "page", m.page, "subscriber", m.subscriber, "reason", string(why))
	}
	return m.Ledger.Forget(ctx, m.subscriber)
}

func (m *message) host(s *status.Subscriber) string {
	e, err := m.Rules.ParseEndpoint("endpoint", s.Endpoint)
	if err != nil {
		return "(unknown)"
	}
	return e.Host()
}

// reason says in our words what became of a post: what the network answered may name addresses that
// are nobody's business.
func reason(r sender.Result) string {
	switch {
	case r.Outcome == sender.Blocked:
		return "Its address is not a public one"
	case r.Status != 0:
		return strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)))
	default:
		return "No answer"
	}
}
