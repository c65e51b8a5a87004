package subscribe

import (
	"net/url"
	"slices"
	"strings"

	"allclear/internal/address"
	"allclear/internal/status"
	"allclear/internal/webhook"
)

// The fields of forms, and the words that people know them by.
const (
	fieldEmail      = "email"
	fieldEndpoint   = "endpoint"
	fieldMattermost = "mattermost" // says that the endpoint is one; its address does not
	fieldScope      = "scope"
	fieldComponents = "component_ids"
	fieldKinds      = "kinds"
	fieldIncident   = "incident"
	fieldAction     = "action"
	fieldNewest     = "newest" // secret that a page was made with

	scopePage  = "page"
	scopeParts = "parts"
)

func labelOf(field string) string {
	switch field {
	case fieldEmail:
		return "Mail address"
	case fieldEndpoint:
		return "Webhook address"
	case fieldComponents:
		return "Components"
	case fieldKinds:
		return "Kinds of news"
	default:
		return ""
	}
}

// readAddresses reads who is to be told and how.
func (h *handler) readAddresses(email, endpoint string, mattermost bool) (w wish, err error) {
	w.mode = status.ModeEmail
	if endpoint = strings.TrimSpace(endpoint); endpoint != "" {
		if w.endpoint, err = h.Endpoints.ParseEndpoint(fieldEndpoint, endpoint); err != nil {
			return w, err
		}
		w.mode = status.Mode(webhook.KindOf(w.endpoint))
		if mattermost && w.mode == status.ModeWebhook {
			w.mode = status.ModeMattermost
		}
	}
	w.email, err = address.Parse(email)
	return w, err
}

// readComponents takes components and groups that there are.
func readComponents(ids []string, cfg *status.Configuration) ([]string, error) {
	for _, id := range ids {
		_, component := cfg.Components[id]
		_, group := cfg.Groups[id]
		if !component && !group {
			return nil, status.Invalidf(fieldComponents, "name one that is not on this page: %q", status.Cut(id, 100))
		}
	}
	return ids, nil
}

// readScope reads the parts of the page that a form chooses, none for all of it.
func readScope(values url.Values, cfg *status.Configuration) ([]string, error) {
	if values.Get(fieldScope) != scopeParts {
		return nil, nil
	}
	ids, err := readComponents(list(values, fieldComponents), cfg)
	if err == nil && len(ids) == 0 {
		err = status.Invalidf(fieldComponents, "are missing: choose at least one, or the whole page")
	}
	return ids, err
}

// readKinds reads the kinds of news that a form chooses. All that the mode knows are none, so that
// whoever wants everything gets new kinds, too. Kinds that the mode does not know are passed over:
// the form offers them before it knows the mode.
func readKinds(values url.Values, mode status.Mode) ([]status.NoticeKind, error) {
	var kinds []status.NoticeKind
	for _, word := range list(values, fieldKinds) {
		kind := status.NoticeKind(word)
		if !kind.Valid() {
			return nil, status.Invalidf(fieldKinds, "have one that is not known: %q", status.Cut(word, 100))
		}
		if slices.Contains(kindsOf(mode), kind) && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	switch len(kinds) {
	case 0:
		return nil, status.Invalidf(fieldKinds, "are missing: choose at least one that goes the chosen way")
	case len(kindsOf(mode)):
		return nil, nil
	}
	return kinds, nil
}

// kindsOf are the kinds of news that a mode can tell.
func kindsOf(mode status.Mode) []status.NoticeKind {
	if mode == status.ModeWebhook {
		return status.NoticeKinds()
	}
	return []status.NoticeKind{status.IncidentNotices, status.MaintenanceNotices}
}

// incidentOf is the incident that is to be subscribed to: one that is not over.
func (h *handler) incidentOf(r *request, id string) (*status.Incident, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // subscribing to the page names no incident
	}
	gone := &status.Error{Code: status.NotFound, Message: "This incident is over or was removed: there is nothing more to be told of it"}
	if !status.ValidID(id) {
		return nil, gone
	}
	i, err := h.Store.Incident(r.Context(), r.page.ID, id)
	if status.IsNotFound(err) || err == nil && !i.Open() {
		return nil, gone
	}
	return i, err
}
