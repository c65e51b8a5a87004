package subscribe

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"allclear/internal/link"
	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/words"
)

// Statuspage's public API of subscribers. Its forms name the fields subscriber[email] and so on.
const (
	pathAPI   = "/api/v2/subscribers"
	policyAPI = "default-src 'none'; frame-ancestors 'none'"
	typeJSON  = "application/json; charset=utf-8"
)

func isAPI(path string) bool { return strings.HasPrefix(path, pathAPI) }

// subscriptionJSON answers a wish. Statuspage's widgets read mode, and email or webhook, which is
// null for an address that is known; here it never is.
type subscriptionJSON struct {
	Page                page.V2Page `json:"page"`
	CanSelectComponents bool        `json:"can_select_components"`
	Mode                string      `json:"mode"` // email_sms or webhook
	Email               string      `json:"email,omitempty"`
	Webhook             string      `json:"webhook,omitempty"`
	Message             string      `json:"message"` // what to tell the visitor
}

// problemJSON is every refusal. Statuspage documents message, its clients read error.
type problemJSON struct {
	Message string `json:"message"`
	Error   string `json:"error"`
}

// serveAPI answers from every origin: there are no cookies that a stranger's page could use.
func (h *handler) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	header := w.Header()
	secure(header, policyAPI)
	header.Set("Access-Control-Allow-Origin", "*")
	id, ok := idOf(path)
	if ok && r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", "POST, DELETE, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "*, Authorization") // "*" does not include Authorization
		header.Set("Access-Control-Max-Age", "86400")
		header.Set("Allow", "POST, DELETE, OPTIONS")
		send(w, r, "", answer{status: http.StatusNoContent})
		return
	}
	began := time.Now()
	reply, err := h.answerAPI(r, id, ok)
	if reply.status == http.StatusMethodNotAllowed {
		header.Set("Allow", "POST, DELETE, OPTIONS")
	}
	if err != nil {
		h.note(w, r, err)
		reply = answerJSON(statusOf(err), problemJSON{sentenceAPI(err), sentenceAPI(err)})
	}
	if reply.status == http.StatusOK {
		h.level(r.Context(), began)
	}
	send(w, r, typeJSON, reply)
}

// idOf is what a path names behind /api/v2/subscribers, with and without .json.
func idOf(path string) (id string, ok bool) {
	rest := strings.TrimSuffix(strings.TrimPrefix(path, pathAPI), ".json")
	if rest == "" {
		return "", true
	}
	id, ok = strings.CutPrefix(rest, "/")
	return id, ok && !strings.Contains(id, "/")
}

func (h *handler) answerAPI(r *http.Request, id string, ok bool) (answer, error) {
	if !ok {
		return answer{}, malformed("There is nothing at this address")
	}
	if r.Method != http.MethodPost && r.Method != http.MethodDelete {
		const message = "Method not allowed"
		return answerJSON(http.StatusMethodNotAllowed, problemJSON{message, message}), nil
	}
	values, err := readForm(r)
	if err != nil {
		return answer{}, err
	}
	for name, query := range r.URL.Query() { // a DELETE often has no body
		if len(values[name]) == 0 {
			values[name] = query
		}
	}
	thePage, err := h.thePage(r.Context())
	if err != nil {
		return answer{}, err
	}
	request := &request{r, thePage}
	if r.Method == http.MethodPost {
		return h.create(request, values)
	}
	if id == "" {
		id = member(values, "id")
	}
	return h.remove(request, values, id)
}

// member is a field of the subscriber, with or without the object around it.
func member(values url.Values, name string) string {
	if v := values.Get("subscriber[" + name + "]"); v != "" {
		return v
	}
	return values.Get(name)
}

// create subscribes as the form does.
func (h *handler) create(r *request, values url.Values) (answer, error) {
	if member(values, "email") == "" && (member(values, "phone_number") != "" || member(values, "email_sms") != "") {
		return answer{}, status.Invalidf(fieldEmail, "can't be blank: text messages are not sent here")
	}
	w, err := h.readAddresses(member(values, "email"), member(values, "endpoint"), false)
	if err != nil {
		return answer{}, err
	}
	cfg, err := h.Store.Configuration(r.Context(), r.page.ID)
	if err != nil {
		return answer{}, err
	}
	ids := append(list(values, "subscriber[component_ids]"), list(values, "component_ids")...)
	if one := member(values, "component_id"); one != "" {
		ids = append(ids, one)
	}
	if w.components, err = readComponents(ids, cfg); err != nil {
		return answer{}, err
	}
	incident, err := h.incidentOf(r, member(values, "incident_id"))
	if err != nil {
		return answer{}, err
	}
	if incident != nil {
		w.incident = incident.ID
	}
	if err := allowed(r.page.Settings, w); err != nil {
		return answer{}, err
	}
	if err := h.count(r.Context(), h.Viewer(r.Request), w.email); err != nil {
		return answer{}, err
	}
	if err := h.fulfil(r.Context(), r.page.ID, w); err != nil {
		return answer{}, err
	}
	said := subscriptionJSON{
		Page: h.frame(r.page).V2(), CanSelectComponents: w.incident == "" && len(cfg.Components) > 0, Mode: "email_sms",
		Email: w.email.String(), Message: "To confirm the subscription, follow the link in the mail that is on its way to you.",
	}
	if w.mode != status.ModeEmail {
		said.Mode, said.Webhook = "webhook", w.endpoint.URL()
	}
	return answerJSON(http.StatusOK, said), nil
}

// remove unsubscribes whom a link from a mail names. An address, or an id, proves nothing: there
// the link is mailed to whom it belongs, and the answer is the same for those who are not known.
func (h *handler) remove(r *request, values url.Values, id string) (answer, error) {
	if l, err := h.Links.Read(id, link.Unsubscribe, h.Audience.Now()); err == nil {
		if err := h.leave(r.Context(), l); err != nil {
			return answer{}, err
		}
		return answerJSON(http.StatusOK, messageJSON{"Unsubscribed"}), nil
	}
	w := wish{mode: status.ModeEmail}
	if id == "" {
		var err error
		if w, err = h.readAddresses(member(values, "email"), member(values, "endpoint"), false); err != nil {
			return answer{}, err
		}
	}
	if err := h.count(r.Context(), h.Viewer(r.Request), w.email); err != nil {
		return answer{}, err
	}
	var err error
	switch {
	case id == "":
		err = h.sendLink(r.Context(), r.page.ID, w)
	case status.ValidID(id):
		if err = h.remind(r.Context(), r.page.ID, id, nil); errors.Is(err, errAnew) {
			err = nil // nobody is there
		}
	}
	if err != nil {
		return answer{}, err
	}
	return answerJSON(http.StatusOK, messageJSON{"The link to unsubscribe is on its way to the subscriber, if there is one."}), nil
}

type messageJSON struct {
	Message string `json:"message"`
}

// sentenceAPI names the field as the request does.
func sentenceAPI(err error) string {
	if field := fieldOf(err); labelOf(field) != "" {
		return "subscriber." + err.Error()
	}
	return words.Line(sentence(err))
}

func answerJSON(code int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil { // values of texts and flags always encode
		return answer{status: http.StatusInternalServerError}
	}
	return answer{code, append(body, '\n')}
}
