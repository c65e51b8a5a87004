package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// paths are all there are, with the methods of each.
var paths = map[string]string{
	"/v1/pages":                            "GET",
	base:                                   "GET PATCH PUT",
	base + "/incidents":                    "GET POST",
	base + "/incidents/unresolved":         "GET",
	base + "/incidents/scheduled":          "GET",
	base + "/incidents/upcoming":           "GET",
	base + "/incidents/active_maintenance": "GET",
	base + "/incidents/INCIDENT":           "DELETE GET PATCH PUT",
	base + "/incidents/INCIDENT/incident_updates/UPDATE":                  "PATCH PUT",
	base + "/incidents/INCIDENT/deliveries":                               "GET",
	base + "/incidents/INCIDENT/subscribers":                              "GET POST",
	base + "/incidents/INCIDENT/subscribers/FOLLOWER":                     "DELETE GET",
	base + "/incidents/INCIDENT/subscribers/FOLLOWER/resend_confirmation": "POST",
	base + "/subscribers":                                                 "GET POST",
	base + "/subscribers/count":                                           "GET",
	base + "/subscribers/histogram_by_state":                              "GET",
	base + "/subscribers/unsubscribed":                                    "GET",
	base + "/subscribers/resend_confirmation":                             "POST",
	base + "/subscribers/unsubscribe":                                     "POST",
	base + "/subscribers/import":                                          "POST",
	base + "/subscribers/export":                                          "GET",
	base + "/subscribers/reactivate":                                      "POST",
	base + "/subscribers/SUBSCRIBER":                                      "DELETE GET PATCH PUT",
	base + "/subscribers/SUBSCRIBER/resend_confirmation":                  "POST",
	base + "/subscribers/SUBSCRIBER/rotate_secret":                        "POST",
	base + "/components":                                                  "GET POST",
	base + "/components/COMPONENT":                                        "DELETE GET PATCH PUT",
	base + "/components/COMPONENT/uptime":                                 "GET",
	base + "/component-groups":                                            "GET POST",
	base + "/component-groups/GROUP":                                      "DELETE GET PATCH PUT",
	base + "/component-groups/GROUP/uptime":                               "GET",
}

func furnished(t *testing.T) (*desk, *strings.Replacer) {
	t.Helper()
	d, _ := evidenced(t)
	component := d.component("API", `"showcase":true`)
	group := d.group("Group", component)
	i := d.incident(`"name":"Down"`)
	updateID := i["incident_updates"].([]any)[0].(map[string]any)["id"].(string)
	subscriber := d.must(201, "POST", base+"/subscribers", `{"subscriber":{"email":"a@example.com"}}`).id()
	follower := d.must(201, "POST", base+"/incidents/"+i["id"].(string)+"/subscribers", `{"subscriber":{"email":"a@example.com"}}`).id()
	return d, strings.NewReplacer(
		"INCIDENT", i["id"].(string), "UPDATE", updateID, "COMPONENT", component, "GROUP", group, "SUBSCRIBER", subscriber, "FOLLOWER", follower,
	)
}

func TestEveryPathTakesItsMethodsAndNamesThemToOthers(t *testing.T) {
	for path, methods := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "BREW"} {
			d, names := furnished(t)
			for _, suffix := range []string{"", ".json", "/"} {
				a := d.do(method, names.Replace(path)+suffix, "")
				known := strings.Contains(" "+methods+" ", " "+method+" ") || (method == "HEAD" && strings.Contains(methods, "GET"))
				if known == (a.Code == http.StatusMethodNotAllowed) {
					t.Errorf("%s %s%s: got %d, want the method known: %v", method, path, suffix, a.Code, known)
				}
				if known {
					continue
				}
				want := strings.ReplaceAll(methods, " ", ", ")
				if strings.Contains(methods, "GET") {
					want += ", HEAD"
				}
				if got := a.Header.Get("Allow"); got != want {
					t.Errorf("%s %s: got Allow %q, want %q", method, path, got, want)
				}
				problem(t, a)
			}
		}
	}
}

// problem checks the shape of a refusal and answers its sentence.
func problem(t *testing.T, a answer) string {
	t.Helper()
	p := a.object()
	message, _ := p["message"].(string)
	if message == "" || p["error"] != message || len(p) != 2 {
		t.Errorf("got %d %s, want message and error, the same sentence", a.Code, a.Body)
	}
	if got := a.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("got Content-Type %q", got)
	}
	return message
}

func TestWhatIsNotThereIsNotFoundInJSON(t *testing.T) {
	d, names := furnished(t)
	for _, path := range []string{
		"/", "/v1", "/v2/pages", "/v1/page", "/v1/pages/" + pageID + "/metrics",
		"/v1/pages/nosuchpage", "/v1/pages/nosuchpage/incidents", "/v1/pages/nosuchpage/components.json",
		"/v1/pages/UPPER", "/v1/pages/a%00b", "/v1/pages/a%2Fb", "/v1/pages/..", "/v1/../v1/pages", "/v1/pages/%2e%2e/x", "/v1/pages/.json",
		"/v1/pages/" + strings.Repeat("a", 5000),
		base + "/incidents/nosuch", base + "/incidents/No-Id", base + "/incidents/COMPONENT", base + "/components/INCIDENT", base + "/components/nosuch/uptime",
		base + "/component-groups/COMPONENT", base + "/component-groups/nosuch/uptime", base + "/components/GROUP/uptime",
	} {
		a := d.do("GET", names.Replace(path), "")
		if a.Code != http.StatusNotFound {
			t.Errorf("GET %s: got %d %s, want 404", path, a.Code, a.Body)
		}
		problem(t, a)
	}
	for _, path := range []string{
		"/v1/pages/nosuchpage", "/v1/pages/A", base + "/incidents/nosuch", base + "/incidents/No-Id", base + "/components/nosuch", base + "/component-groups/nosuch",
		base + "/incidents/INCIDENT/incident_updates/nosuch", base + "/incidents/nosuch/incident_updates/UPDATE",
	} {
		body := `{"page":{},"incident":{},"component":{},"component_group":{},"incident_update":{}}`
		for _, method := range []string{"PATCH", "PUT"} {
			d.unchanged(func() { problem(t, d.must(404, method, names.Replace(path), body)) })
		}
	}
	for _, path := range []string{base + "/incidents/nosuch", base + "/components/nosuch", base + "/component-groups/nosuch", base + "/incidents/COMPONENT"} {
		d.unchanged(func() { problem(t, d.must(404, "DELETE", names.Replace(path), "")) })
	}
}

func TestDoubledSlashesAndTheSuffixAreForgiven(t *testing.T) {
	d, names := furnished(t)
	want := d.must(200, "GET", names.Replace(base+"/incidents/INCIDENT"), "").Body
	for _, path := range []string{"//v1/pages/" + pageID + "//incidents/INCIDENT", base + "/incidents/INCIDENT.json", base + "/incidents/INCIDENT/", base + "/incidents/INCIDENT.json/"} {
		if got := d.must(200, "GET", names.Replace(path), "").Body; got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	d := newDesk(t)
	for _, a := range []answer{d.do("GET", "/v1/pages", ""), d.do("GET", "/nothing", ""), d.do("POST", base+"/incidents", "{")} {
		got := map[string]string{}
		for _, name := range []string{"X-Content-Type-Options", "Cache-Control", "Referrer-Policy", "Content-Security-Policy"} {
			got[name] = a.Header.Get(name)
		}
		want := map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d (-want +got):\n%s", a.Code, diff)
		}
	}
}
