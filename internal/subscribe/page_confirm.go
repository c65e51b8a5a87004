package subscribe

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"

	"allclear/internal/html"
	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
)

// errLink is what a link is that was made for what is no more.
func errLink() error {
	return status.NotFoundf("The link has been used up, or the subscription is no more")
}

// read reads a token. Its errors are for visitors.
func (h *handler) read(token string, purpose link.Purpose) (link.Link, error) {
	l, err := h.Links.Read(token, purpose, h.Audience.Now())
	switch {
	case errors.Is(err, link.ErrExpired):
		return l, status.NotFoundf("The link is too old")
	case err != nil:
		return l, malformed("The link is not complete; copy all of it from the mail")
	}
	return l, nil
}

// subscriberOf is whom a link is about.
func (h *handler) subscriberOf(ctx context.Context, l link.Link) (*status.Subscriber, error) {
	s, err := h.Audience.Subscriber(ctx, l.Page, l.Subject)
	if status.IsNotFound(err) || err == nil && s.Generation != l.Generation {
		return nil, errLink()
	}
	return s, err
}

// change changes whom a link is about, if the link is still good at that moment.
func (h *handler) change(ctx context.Context, l link.Link, change func(*status.Subscriber) error) (*status.Subscriber, error) {
	s, _, err := h.Audience.UpdateSubscriber(ctx, l.Page, l.Subject, store.Beside{}, func(s *status.Subscriber) error {
		if s.Generation != l.Generation {
			return errLink()
		}
		return change(s)
	})
	if status.IsNotFound(err) {
		return nil, errLink()
	}
	return s, err
}

// askConfirm shows a button and changes nothing: scanners of mail follow links.
func (h *handler) askConfirm(r *request) (answer, error) {
	token := r.URL.Query().Get(link.ParameterToken)
	l, err := h.read(token, link.Confirm)
	if err != nil {
		return h.badLink(r, err)
	}
	s, err := h.subscriberOf(r.Context(), l)
	switch {
	case status.IsNotFound(err):
		return h.badLink(r, err)
	case err != nil:
		return answer{}, err
	case s.State == status.Active:
		return h.confirmed(r, s, false, ""), nil
	case s.State != status.Unconfirmed:
		return h.badLink(r, errLink())
	}
	subject, err := h.subjectOf(r, s)
	if err != nil {
		return answer{}, err
	}
	return h.show(r, "Confirm your subscription",
		heading("Confirm your subscription"),
		html.El("p", html.Text("You will hear of "+subject+" at "+r.page.Settings.Name+", "+way(s)+".")),
		post(link.PathConfirm, "Confirm subscription", hidden(link.ParameterToken, token)),
		html.El("p", html.Class("hint"), html.Text("If you did not ask for this, close the page: nothing will be sent.")),
	), nil
}

// confirm makes a subscriber active. Done again it changes nothing, and shows no secret again.
func (h *handler) confirm(r *request) (answer, error) {
	values, err := readForm(r.Request)
	if err != nil {
		return answer{}, err
	}
	l, err := h.read(tokenOf(r, values), link.Confirm)
	if err != nil {
		return h.badLink(r, err)
	}
	fresh, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		return answer{}, err
	}
	did, secret := false, ""
	s, err := h.change(r.Context(), l, func(s *status.Subscriber) error {
		did, secret = false, ""
		if s.State == status.Active {
			return nil
		}
		if s.State != status.Unconfirmed {
			return errLink()
		}
		if s.Mode == status.ModeWebhook {
			secret = fresh.Text()
			if err := s.Rotate(secret, h.Audience.Now()); err != nil {
				return err
			}
		}
		did = true
		return s.Confirm(h.Audience.Now())
	})
	if status.IsNotFound(err) {
		return h.badLink(r, err)
	}
	if err != nil {
		return answer{}, err
	}
	return h.confirmed(r, s, did, secret), nil
}

// confirmed is where a confirmation leads. Who has done it just now also gets to what is subscribed;
// the link in the mail is for confirming only.
func (h *handler) confirmed(r *request, s *status.Subscriber, did bool, secret string) answer {
	manage := link.PathManage
	if did {
		manage = link.ManageURL("", h.manageToken(s))
	}
	return h.show(r, "You are subscribed",
		heading("You are subscribed"),
		html.El("p", html.Text("From now on you are told of what happens at "+r.page.Settings.Name+", "+way(s)+".")),
		secretShown(secret),
		html.El("p", html.Class("more"),
			html.Link(manage, "Change what you get"), html.Text(" "), html.Link("/", "Current status"),
		),
	)
}

// manageToken makes a link for who has just proved to be the owner of a subscription.
func (h *handler) manageToken(s *status.Subscriber) string {
	return h.Links.Token(link.Link{
		Purpose: link.Manage, Page: s.Page, Subject: s.ID, Generation: s.Generation, Expires: h.Audience.Now().Add(link.ManageFor),
	})
}

// secretShown is a signing secret, which is shown when it is made and never again.
func secretShown(secret string) html.Node {
	return html.When(secret != "",
		html.El("p", html.Text("Posts are signed by this secret, as Standard Webhooks has it. Keep it now: it is not shown again.")),
		html.El("p", html.El("code", html.Class("secret"), html.Attr("dir", "ltr"), html.Text(secret))),
	)
}

// way says how somebody is told. Of an endpoint only the host is shown: the rest may be a secret.
func way(s *status.Subscriber) string {
	if s.Mode == status.ModeEmail {
		return "by mail"
	}
	endpoint, err := url.Parse(s.Endpoint)
	if err != nil {
		return "by posts to its endpoint"
	}
	return "by posts to " + endpoint.Hostname()
}

// subjectOf says what a subscriber has chosen.
func (h *handler) subjectOf(r *request, s *status.Subscriber) (string, error) {
	if s.Incident == "" {
		if len(s.Components) > 0 {
			return "some of the components", nil
		}
		return "everything", nil
	}
	i, err := h.Store.Incident(r.Context(), s.Page, s.Incident)
	if status.IsNotFound(err) {
		return "an incident", nil
	}
	if err != nil {
		return "", err
	}
	return "“" + i.Name + "”", nil
}
