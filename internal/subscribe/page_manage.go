package subscribe

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"allclear/internal/html"
	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/webhook"
)

// What the manage page can do, besides unsubscribing.
const (
	actionSave       = "save"
	actionRotate     = "rotate"
	actionReactivate = "reactivate"
)

func tokenOf(r *request, values url.Values) string {
	if token := values.Get(link.ParameterToken); token != "" {
		return token
	}
	return r.URL.Query().Get(link.ParameterToken)
}

// showManage shows what is subscribed, or without a link the form that sends one.
func (h *handler) showManage(r *request) (answer, error) {
	token := r.URL.Query().Get(link.ParameterToken)
	if token == "" {
		return h.show(r, "Change or end a subscription",
			heading("Change or end a subscription"),
			paragraph("We mail you a link to it. Every mail that you get from us has one, too."),
			linkForm(nil, nil),
		), nil
	}
	l, err := h.read(token, link.Manage)
	if err != nil {
		return h.badLink(r, err)
	}
	s, err := h.subscriberOf(r.Context(), l)
	if status.IsNotFound(err) {
		return h.badLink(r, err)
	}
	if err != nil {
		return answer{}, err
	}
	return h.manageForm(r, token, s, chosenBy(s), "", "", nil)
}

// manage carries out a button of that page, or asks for the link to it.
func (h *handler) manage(r *request) (answer, error) {
	began := time.Now()
	values, err := readForm(r.Request)
	if err != nil {
		return answer{}, err
	}
	token := tokenOf(r, values)
	if token == "" {
		return h.mailLink(r, values, began)
	}
	l, err := h.read(token, link.Manage)
	if err != nil {
		return h.badLink(r, err)
	}
	said, secret := "", ""
	cfg, err := h.Store.Configuration(r.Context(), l.Page)
	if err != nil {
		return answer{}, err
	}
	fresh, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		return answer{}, err
	}
	s, err := h.change(r.Context(), l, func(s *status.Subscriber) error {
		now := h.Audience.Now()
		switch values.Get(fieldAction) {
		case actionSave:
			said = "Saved."
			return choose(s, values, cfg, now)
		case actionRotate:
			if values.Get(fieldNewest) != newestOf(s) {
				return errRotated()
			}
			said, secret = "There is a new secret. The one before goes on signing until you make another.", fresh.Text()
			return s.Rotate(secret, now)
		case actionReactivate:
			said = "Switched on again."
			if s.State == status.Active {
				return nil // the button was pressed twice
			}
			return s.Reactivate(now)
		default:
			return malformed("The form has no known action")
		}
	})
	if status.IsNotFound(err) {
		return h.badLink(r, err)
	}
	if err == nil {
		return h.manageForm(r, token, s, chosenBy(s), said, secret, nil)
	}
	if code := statusOf(err); code == http.StatusInternalServerError {
		return answer{}, err
	}
	s, again := h.subscriberOf(r.Context(), l)
	if again != nil {
		return answer{}, err
	}
	shown, again := h.manageForm(r, token, s, chosenIn(values), "", "", err)
	if again != nil {
		return answer{}, again
	}
	return shown, err
}

// choose sets what the form has chosen.
func choose(s *status.Subscriber, values url.Values, cfg *status.Configuration, now time.Time) error {
	if s.Incident != "" {
		return nil // there is nothing to choose
	}
	components, err := readScope(values, cfg)
	if err != nil {
		return err
	}
	kinds, err := readKinds(values, s.Mode)
	if err != nil {
		return err
	}
	return s.Choose(components, kinds, now)
}

// manageForm is everything about one subscription.
func (h *handler) manageForm(r *request, token string, s *status.Subscriber, c choices, said, secret string, err error) (answer, error) {
	cfg, failed := h.Store.Configuration(r.Context(), s.Page)
	if failed != nil {
		return answer{}, failed
	}
	subject, failed := h.subjectOf(r, s)
	if failed != nil {
		return answer{}, failed
	}
	to := "to " + s.Email
	if s.Mode != status.ModeEmail {
		to = way(s)
	}
	held := []html.Node{hidden(link.ParameterToken, token)}
	return h.show(r, titled("Your subscription", err),
		heading("Your subscription"),
		notice(said),
		secretShown(secret),
		problem(err),
		html.El("p", html.Text("News of "+subject+" "+to+".")),
		h.quarantined(s, held),
		html.When(s.Incident == "",
			post(link.PathManage, "Save", html.Fragment(held...), hidden(fieldAction, actionSave),
				c.scope(cfg, err), c.news("", kindsOf(s.Mode), err)),
		),
		signing(s, held),
		html.El("section",
			html.El("h2", html.Text("Leave")),
			post(link.PathUnsubscribe, "Unsubscribe", hidden(link.ParameterToken, h.leaveToken(s))),
		),
	), nil
}

// quarantined says why nothing comes any more, and how it comes again.
func (h *handler) quarantined(s *status.Subscriber, held []html.Node) html.Node {
	if s.State != status.Quarantined {
		return html.Node{}
	}
	return html.El("section", html.Class("problem"),
		html.El("p", html.Text(whyQuarantined(s.Reason))),
		html.When(!s.Reason.Final(),
			post(link.PathManage, "Switch on again", html.Fragment(held...), hidden(fieldAction, actionReactivate))),
	)
}

func whyQuarantined(reason status.QuarantineReason) string {
	switch reason {
	case status.Failing:
		return "It took no message for days, so nothing is sent there now."
	case status.Gone:
		return "It answered that it wants no more messages, so nothing is sent there now."
	case status.Bounced:
		return "Mail to it came back, so nothing is sent there any more."
	case status.Complained:
		return "A mail to it was reported as spam, so nothing is sent there any more."
	default:
		return "Nothing is sent there now."
	}
}

// signing is about the secrets of a webhook. Their texts are not shown.
func signing(s *status.Subscriber, held []html.Node) html.Node {
	if s.Mode != status.ModeWebhook {
		return html.Node{}
	}
	since := "It has none yet."
	switch n := len(s.Secrets); {
	case n == 1:
		since = "There is one, made on " + s.Secrets[0].CreatedAt.Format(status.DateLayout) + "."
	case n > 1:
		since = fmt.Sprintf("There are %d, the newest made on %s. Posts have a signature by each.", n, s.Secrets[0].CreatedAt.Format(status.DateLayout))
	}
	return html.El("section",
		html.El("h2", html.Text("Signing secret")),
		html.El("p", html.Text(since)),
		explained(),
		post(link.PathManage, "Make a new secret", html.Fragment(held...), hidden(fieldAction, actionRotate), hidden(fieldNewest, newestOf(s))),
	)
}

// newestOf names the newest secret of a webhook. Whoever presses the button sends back what the page
// was made with: a second click or a reload must not push out the secret that the receiver has.
func newestOf(s *status.Subscriber) string {
	if len(s.Secrets) == 0 {
		return "none"
	}
	sum := sha256.Sum256([]byte(s.Secrets[0].Text))
	return hex.EncodeToString(sum[:8]) // a name for a random key, which tells nothing of it
}

func errRotated() error {
	return &status.Error{
		Code:    status.Conflict,
		Message: "A new secret was made already, and it is not shown again. If you did not keep it, make another: the one before it then ceases to sign",
	}
}

// linkForm asks for the link to a subscription.
func linkForm(values url.Values, err error) html.Node {
	return post(link.PathManage, "Mail me the link",
		field(fieldEmail, "email", values.Get(fieldEmail), err, "Of the subscription, or of the owner of the webhook.",
			html.Attr("autocomplete", "email"), html.Attr("maxlength", "254"), html.Boolean("required")),
		details("It is a webhook or a chat", values.Get(fieldEndpoint) != "",
			endpointField(values, err, "The address that is posted to. The link is mailed to its owner."), mattermost(values)),
	)
}

// mailLink asks for the mail with the link. It answers the same for who is not subscribed.
func (h *handler) mailLink(r *request, values url.Values, began time.Time) (answer, error) {
	w, err := h.readAddresses(values.Get(fieldEmail), values.Get(fieldEndpoint), values.Get(fieldMattermost) != "")
	if err == nil {
		err = h.count(r.Context(), h.Viewer(r.Request), w.email)
	}
	if err == nil {
		err = h.sendLink(r.Context(), r.page.ID, w)
	}
	if err != nil {
		return h.show(r, titled("Change or end a subscription", err),
			heading("Change or end a subscription"), problem(err), linkForm(values, err),
		), err
	}
	h.level(r.Context(), began)
	return h.show(r, "Check your mail",
		heading("Check your mail"),
		paragraph(
			"If there is a subscription at this address, a mail with the link to it is on its way.",
			"There is one such mail a day at most. If you had one today, use the link in that.",
		),
		waysOn(),
	), nil
}
