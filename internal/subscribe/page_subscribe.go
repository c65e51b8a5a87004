package subscribe

import (
	"net/url"
	"time"

	"allclear/internal/html"
	"allclear/internal/link"
	"allclear/internal/status"
)

// showForm asks what somebody wants to subscribe to.
func (h *handler) showForm(r *request) (answer, error) {
	incident, err := h.incidentOf(r, r.URL.Query().Get(fieldIncident))
	if err != nil {
		return answer{}, err
	}
	cfg, err := h.Store.Configuration(r.Context(), r.page.ID)
	if err != nil {
		return answer{}, err
	}
	page, incidents := r.page.Settings.Subscribable()
	if incident == nil && !page || incident != nil && !incidents {
		return answer{}, status.Invalidf("", "This page takes no such subscriptions")
	}
	return h.form(r, incident, cfg, url.Values{}, everything(), nil), nil
}

// subscribe takes the form. It answers the same whether an address is known or not.
//
// There is no session that another site could ride on: whoever sends this form from elsewhere could
// as well have sent it themselves, and nothing comes of it until the owner of the mailbox agrees.
func (h *handler) subscribe(r *request) (answer, error) {
	began := time.Now()
	values, err := readForm(r.Request)
	if err != nil {
		return answer{}, err
	}
	incident, err := h.incidentOf(r, values.Get(fieldIncident))
	if err != nil {
		return answer{}, err
	}
	cfg, err := h.Store.Configuration(r.Context(), r.page.ID)
	if err != nil {
		return answer{}, err
	}
	w, err := h.readWish(values, incident, cfg)
	if err == nil {
		err = allowed(r.page.Settings, w)
	}
	if err == nil {
		err = h.count(r.Context(), h.Viewer(r.Request), w.email)
	}
	if err == nil {
		err = h.fulfil(r.Context(), r.page.ID, w)
	}
	if err != nil {
		return h.form(r, incident, cfg, values, chosenIn(values), err), err
	}
	h.level(r.Context(), began)
	return h.show(r, "Check your mail",
		heading("Check your mail"),
		paragraph(
			"A mail to "+w.email.String()+" is on its way. Follow the link in it: the subscription begins when you have confirmed it.",
			"If you are subscribed already, the link leads to what you have chosen.",
			"An address gets one such mail a day at most, so that nobody is bothered. What you ask for after that comes tomorrow, and when very many subscribe it can take a day, too.",
			"Nothing there? Look among the spam, or take another address: where mail came back, we send no more.",
		),
		html.El("p", html.Class("more"), html.Link("/", "Current status")),
	), nil
}

func (h *handler) readWish(values url.Values, incident *status.Incident, cfg *status.Configuration) (wish, error) {
	w, err := h.readAddresses(values.Get(fieldEmail), values.Get(fieldEndpoint), values.Get(fieldMattermost) != "")
	if err != nil {
		return w, err
	}
	if incident != nil {
		w.incident = incident.ID
		return w, nil
	}
	if w.components, err = readScope(values, cfg); err != nil {
		return w, err
	}
	w.kinds, err = readKinds(values, w.mode)
	return w, err
}

// form shows the form, as it came back if it has come back.
func (h *handler) form(r *request, incident *status.Incident, cfg *status.Configuration, values url.Values, c choices, err error) answer {
	s := r.page.Settings
	title, about := "Subscribe to updates", "Be told when something happens at "+s.Name+"."
	if incident != nil {
		title, about = "Subscribe to this incident", "Be told how “"+incident.Name+"” goes on."
		if incident.IsMaintenance() {
			title = "Subscribe to this maintenance"
		}
	}
	kinds := kindsOf(status.ModeEmail)
	if s.AllowWebhookSubscribers {
		kinds = kindsOf(status.ModeWebhook)
	}
	shown := h.show(r, titled(title, err),
		heading(title),
		paragraph(about),
		problem(err),
		post(link.PathSubscribe, "Subscribe",
			html.When(incident != nil, hidden(fieldIncident, idOfIncident(incident))),
			emailField(values.Get(fieldEmail), err),
			html.When(s.AllowWebhookSubscribers, endpointFields(values, !s.AllowEmailSubscribers, err)),
			html.When(incident == nil, c.scope(cfg, err), c.news(" (webhooks only)", kinds, err)),
		),
		html.El("p", html.Class("more"),
			html.Link(link.PathManage, "Change or end a subscription"),
			html.When(s.AllowFeeds, html.Text(" "), html.Link("/history.atom", "Follow by feed instead")),
		),
	)
	return shown
}

func idOfIncident(i *status.Incident) string {
	if i == nil {
		return ""
	}
	return i.ID
}

func emailField(value string, err error) html.Node {
	return field(fieldEmail, "email", value, err, "You confirm it by a link that we mail you. Every mail has a link to leave.",
		html.Attr("autocomplete", "email"), html.Attr("maxlength", "254"), html.Boolean("required"))
}

// endpointFields are put away until somebody wants them, unless there is nothing else.
func endpointFields(values url.Values, only bool, err error) html.Node {
	return details("Post to a webhook or a chat instead of mailing", only || values.Get(fieldEndpoint) != "" || fieldOf(err) == fieldEndpoint,
		endpointField(values, err,
			"JSON as Statuspage posts it, signed; or messages for Slack, Microsoft Teams, Discord, Google Chat and Mattermost. "+
				"The mail address above is that of its owner: it confirms, and hears of it when posting fails.",
			html.When(only, html.Boolean("required"))),
		mattermost(values),
		explained(),
	)
}

// explained leads to what is said about posts.
func explained() html.Node {
	return html.El("p", html.Class("hint"), html.Link(link.PathWebhooks, "What is posted, and how to check that it is from here"))
}

func details(summary string, open bool, content ...html.Node) html.Node {
	return html.El("details", html.Class("field"), html.When(open, html.Boolean("open")),
		html.El("summary", html.Text(summary)), html.Fragment(content...))
}

func endpointField(values url.Values, err error, hint string, more ...html.Node) html.Node {
	return field(fieldEndpoint, "url", values.Get(fieldEndpoint), err, hint,
		html.Attr("autocomplete", "off"), html.Attr("maxlength", "2048"), html.Attr("placeholder", "https://"), html.Fragment(more...))
}

func mattermost(values url.Values) html.Node {
	return choice("checkbox", fieldMattermost, "yes", "It is a Mattermost server", values.Get(fieldMattermost) != "")
}
