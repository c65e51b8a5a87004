package subscribe

import (
	"context"

	"allclear/internal/html"
	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/store"
)

// leaveToken makes a link that unsubscribes.
func (h *handler) leaveToken(s *status.Subscriber) string {
	return h.Links.Token(link.Link{Purpose: link.Unsubscribe, Page: s.Page, Subject: s.ID, Generation: s.Generation})
}

// askUnsubscribe shows a button and changes nothing: scanners of mail follow links.
func (h *handler) askUnsubscribe(r *request) (answer, error) {
	token := r.URL.Query().Get(link.ParameterToken)
	if token == "" {
		return h.showManage(r)
	}
	if _, err := h.read(token, link.Unsubscribe); err != nil {
		return h.badLink(r, err)
	}
	return h.show(r, "Unsubscribe",
		heading("Unsubscribe"),
		paragraph("You will hear no more of "+r.page.Settings.Name+" through this subscription."),
		post(link.PathUnsubscribe, "Unsubscribe", hidden(link.ParameterToken, token)),
		html.El("p", html.Class("more"), html.Link(link.PathManage, "Change what you get instead")),
	), nil
}

// unsubscribe ends a subscription, for people and for mail programs: theirs is the token in the
// address and List-Unsubscribe=One-Click in the body (RFC 8058), which want 200 and no redirect.
// Done again it says the same.
func (h *handler) unsubscribe(r *request) (answer, error) {
	values, err := readForm(r.Request)
	if err != nil && r.URL.Query().Get(link.ParameterToken) == "" {
		return answer{}, err
	}
	l, err := h.read(tokenOf(r, values), link.Unsubscribe)
	if err != nil {
		return h.badLink(r, err)
	}
	if err := h.leave(r.Context(), l); status.IsNotFound(err) {
		return h.badLink(r, err)
	} else if err != nil {
		return answer{}, err
	}
	return h.show(r, "You are unsubscribed",
		heading("You are unsubscribed"),
		paragraph(
			"You will hear no more of "+r.page.Settings.Name+" through this subscription, and your address is forgotten.",
			"Should mails go on, they belong to another subscription: use the link in one of those.",
		),
		waysOn(),
	), nil
}

// leave ends the subscription that a link is about. One that is over, or forgotten, is over.
func (h *handler) leave(ctx context.Context, l link.Link) error {
	revoked := false
	_, _, err := h.Audience.UpdateSubscriber(ctx, l.Page, l.Subject, store.Beside{}, func(s *status.Subscriber) error {
		revoked = s.State != status.Unsubscribed && s.Generation != l.Generation
		if revoked {
			return errLink()
		}
		s.Unsubscribe(h.Audience.Now())
		return nil
	})
	if status.IsNotFound(err) && !revoked {
		return nil
	}
	return err
}
