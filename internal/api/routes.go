package api

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"allclear/internal/status"
)

// methods are what can be done at one path. PATCH and PUT are the same everywhere: as on
// Statuspage, only what is sent changes.
type methods map[string]func(*call) (reply, error)

// table is every path of the API. Each is also answered with ".json" at its end.
func table() map[string]methods {
	return map[string]methods{
		"/v1/pages":        {"GET": (*call).listPages},
		"/v1/pages/{page}": {"GET": (*call).getPage, "PATCH": (*call).changePage, "PUT": (*call).changePage},

		"/v1/pages/{page}/incidents":                    {"GET": (*call).listIncidents, "POST": (*call).createIncident},
		"/v1/pages/{page}/incidents/unresolved":         {"GET": (*call).listUnresolved},
		"/v1/pages/{page}/incidents/scheduled":          {"GET": (*call).listScheduled},
		"/v1/pages/{page}/incidents/upcoming":           {"GET": (*call).listUpcoming},
		"/v1/pages/{page}/incidents/active_maintenance": {"GET": (*call).listActive},
		"/v1/pages/{page}/incidents/{incident}": {
			"GET": (*call).getIncident, "PATCH": (*call).changeIncident, "PUT": (*call).changeIncident, "DELETE": (*call).deleteIncident,
		},
		"/v1/pages/{page}/incidents/{incident}/incident_updates/{update}": {
			"PATCH": (*call).changeUpdate, "PUT": (*call).changeUpdate,
		},

		"/v1/pages/{page}/incidents/{incident}/deliveries": {"GET": (*call).listDeliveries},

		"/v1/pages/{page}/incidents/{incident}/subscribers": {"GET": (*call).listIncidentSubscribers, "POST": (*call).createSubscriber},
		"/v1/pages/{page}/incidents/{incident}/subscribers/{subscriber}": {
			"GET": (*call).getSubscriber, "DELETE": (*call).deleteSubscriber,
		},
		"/v1/pages/{page}/incidents/{incident}/subscribers/{subscriber}/resend_confirmation": {"POST": (*call).resendConfirmation},

		"/v1/pages/{page}/subscribers":                     {"GET": (*call).listSubscribers, "POST": (*call).createSubscriber},
		"/v1/pages/{page}/subscribers/count":               {"GET": (*call).countSubscribers},
		"/v1/pages/{page}/subscribers/histogram_by_state":  {"GET": (*call).countSubscribersByState},
		"/v1/pages/{page}/subscribers/unsubscribed":        {"GET": (*call).listUnsubscribed},
		"/v1/pages/{page}/subscribers/resend_confirmation": {"POST": (*call).resendConfirmations},
		"/v1/pages/{page}/subscribers/unsubscribe":         {"POST": (*call).unsubscribeMany},
		"/v1/pages/{page}/subscribers/reactivate":          {"POST": (*call).reactivateMany},
		"/v1/pages/{page}/subscribers/import":              {"POST": (*call).importSubscribers},
		"/v1/pages/{page}/subscribers/export":              {"GET": (*call).exportSubscribers},
		"/v1/pages/{page}/subscribers/{subscriber}": {
			"GET": (*call).getSubscriber, "PATCH": (*call).changeSubscriber, "PUT": (*call).changeSubscriber, "DELETE": (*call).deleteSubscriber,
		},
		"/v1/pages/{page}/subscribers/{subscriber}/resend_confirmation": {"POST": (*call).resendConfirmation},
		"/v1/pages/{page}/subscribers/{subscriber}/rotate_secret":       {"POST": (*call).rotateSecret},

		"/v1/pages/{page}/components": {"GET": (*call).listComponents, "POST": (*call).createComponent},
		"/v1/pages/{page}/components/{component}": {
			"GET": (*call).getComponent, "PATCH": (*call).changeComponent, "PUT": (*call).changeComponent, "DELETE": (*call).deleteComponent,
		},
		"/v1/pages/{page}/components/{component}/uptime": {"GET": (*call).componentUptime},

		"/v1/pages/{page}/component-groups": {"GET": (*call).listGroups, "POST": (*call).createGroup},
		"/v1/pages/{page}/component-groups/{group}": {
			"GET": (*call).getGroup, "PATCH": (*call).changeGroup, "PUT": (*call).changeGroup, "DELETE": (*call).deleteGroup,
		},
		"/v1/pages/{page}/component-groups/{group}/uptime": {"GET": (*call).groupUptime},
	}
}

var errNoSuchPath = &status.Error{Code: status.NotFound, Message: "There is nothing at this path"}

func (h *handler) mux() http.Handler {
	mux := http.NewServeMux()
	for pattern, m := range table() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, m) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { h.refuse(w, r, errNoSuchPath) })
	return mux
}

// serve does what a request asks for at a path that there is.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, m methods) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	do, ok := m[method]
	if !ok {
		w.Header().Set("Allow", allow(m))
		h.refuse(w, r, errMethod(r.Method, m))
		return
	}
	c := &call{handler: h, r: r}
	answer, err := c.run(w, do)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	answer.write(w)
}

func allow(m methods) string {
	names := slices.Sorted(maps.Keys(m))
	if _, ok := m["GET"]; ok {
		names = append(names, "HEAD")
	}
	return strings.Join(names, ", ")
}

// plainPath is a path without doubled or trailing slashes and without ".json". A path with dot
// segments is refused: no client means one.
func plainPath(p string) (string, bool) {
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	p = strings.TrimSuffix(strings.TrimSuffix(p, "/"), ".json")
	if !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		return "", false
	}
	return p, true
}
