package api_test

import (
	"bytes"
	"mime/multipart"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// comparableBody takes out of an answer what differs between two requests of the same kind.
func comparableBody(body string) string {
	return regexp.MustCompile(`id\d{10}|2026-[^"]*`).ReplaceAllString(body, "…")
}

func TestAFormSaysTheSameAsJSON(t *testing.T) {
	for _, c := range []struct {
		method, path, json string
		form               []string
	}{
		{
			"POST", base + "/incidents",
			`{"incident":{"name":"x & y","status":"identified","body":"a\nb","components":{"COMPONENT":"major_outage"},"deliver_notifications":false,"metadata":{"a":{"b":"c"}}}}`,
			[]string{
				"incident[name]", "x & y", "incident[status]", "identified", "incident[body]", "a\nb", "incident[components][COMPONENT]", "major_outage",
				"incident[deliver_notifications]", "false", "incident[metadata][a][b]", "c",
			},
		},
		{
			"POST", base + "/incidents", `{"incident":{"name":"x","component_ids":["COMPONENT","SECOND"]}}`,
			[]string{"incident[name]", "x", "incident[component_ids][]", "COMPONENT", "incident[component_ids][]", "SECOND"},
		},
		{
			"POST", base + "/incidents", `{"incident":{"name":"x","component_ids":["COMPONENT","SECOND"]}}`,
			[]string{"incident[name]", "x", "incident[component_ids][1]", "SECOND", "incident[component_ids][0]", "COMPONENT"},
		},
		{
			"POST", base + "/incidents", `{"incident":{"name":"last","components":["COMPONENT"]}}`,
			[]string{"incident[name]", "first", "incident[name]", "last", "incident[components][]", "COMPONENT", "", "ignored", "other[", "ignored"},
		},
		{
			"PATCH", base + "/incidents/INCIDENT", `{"incident":{"component_ids":[]}}`,
			[]string{"incident[component_ids][]", ""},
		},
		{
			"POST", base + "/components", `{"component":{"name":"C","group_id":"GROUP","showcase":true,"only_show_if_degraded":false}}`,
			[]string{"component[name]", "C", "component[group_id]", "GROUP", "component[showcase]", "1", "component[only_show_if_degraded]", "off"},
		},
		{
			"PATCH", base + "/components/COMPONENT", `{"component":{"status":"partial_outage","group_id":null}}`,
			[]string{"component[status]", "partial_outage", "component[group_id]", "null"},
		},
		{
			"POST", base + "/component-groups", `{"component_group":{"name":"H","components":["SECOND"]},"description":"D"}`,
			[]string{"component_group[name]", "H", "component_group[components][]", "SECOND", "description", "D"},
		},
		{
			"PATCH", base, `{"page":{"name":"Ex","hidden_from_search":true,"css_reds":"#f00"}}`,
			[]string{"page[name]", "Ex", "page[hidden_from_search]", "t", "page[css_reds]", "#f00"},
		},
	} {
		var bodies []string
		for _, kind := range []string{"json", "json without a type", "json as a form", "form", "form without a type", "multipart"} {
			d, names := furnished(t)
			names = strings.NewReplacer("SECOND", d.component("Second"), "COMPONENT", names.Replace("COMPONENT"), "GROUP", names.Replace("GROUP"), "INCIDENT", names.Replace("INCIDENT"))
			pairs := make([]string, len(c.form))
			for n, text := range c.form {
				pairs[n] = names.Replace(text)
			}
			body, header := form(pairs...), isForm
			switch kind {
			case "json":
				body, header = "\ufeff"+names.Replace(c.json)+"\n", "Content-Type: application/json; charset=utf-8"
			case "json without a type":
				body, header = names.Replace(c.json), "Content-Type: "
			case "json as a form":
				body = names.Replace(c.json)
			case "form without a type":
				header = "Content-Type: "
			case "multipart":
				body, header = multipartForm(t, pairs)
			}
			a := d.do(c.method, names.Replace(c.path), body, header)
			if a.Code != 200 && a.Code != 201 {
				t.Errorf("%s %s %s: got %d %s", kind, c.method, body, a.Code, a.Body)
			}
			bodies = append(bodies, comparableBody(a.Body))
			if diff := cmp.Diff(bodies[0], bodies[len(bodies)-1]); diff != "" {
				t.Errorf("%s differs (-json +%s):\n%s", c.json, kind, diff)
			}
		}
	}
}

func multipartForm(t *testing.T, pairs []string) (body, header string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for n := 0; n < len(pairs); n += 2 {
		if err := w.WriteField(pairs[n], pairs[n+1]); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("incident[name]", "ignored.png")
	if err == nil {
		_, err = file.Write([]byte("\x89PNG"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), "Content-Type: " + w.FormDataContentType()
}
