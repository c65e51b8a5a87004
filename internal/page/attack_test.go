package page

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const attack = `</script><script>alert("x")</script><img src=x onerror=alert(1)>'"&`

// attacked is the shop with an attack in every text that an operator or an import can set.
func attacked(t testing.TB) Input {
	t.Helper()
	in := shop(t)
	s := &in.Page.Settings
	s.Name, s.Headline, s.Description = attack+s.Name, attack, attack
	s.Website, s.SupportURL = "javascript:alert(1)", "https://x.example/\"><script>alert(1)</script>"
	for id, c := range in.Configuration.Components {
		text := attack
		c.Name, c.Description = attack+c.Name, &text
		in.Configuration.Components[id] = c
	}
	for id, g := range in.Configuration.Groups {
		text := attack
		g.Name, g.Description = attack+g.Name, &text
		in.Configuration.Groups[id] = g
	}
	for _, i := range newestFirst(in.Incidents, in.Maintenances, in.Open) {
		i.Name = attack + i.Name
		for n := range i.Updates {
			i.Updates[n].Body = attack + i.Updates[n].Body
			for a := range i.Updates[n].Affected {
				i.Updates[n].Affected[a].Name = attack
			}
		}
	}
	return in
}

func TestScriptsInTextsAreHarmlessEverywhere(t *testing.T) {
	for _, d := range siteDocuments(t, attacked(t)) {
		if strings.HasSuffix(d.Path, ".json") {
			if bytes.ContainsAny(d.Body, "<>") {
				t.Errorf("%s has a bare < or >", d.Path)
			}
			if !json.Valid(d.Body) {
				t.Errorf("%s is not JSON", d.Path)
			}
			continue
		}
		root, err := html.Parse(bytes.NewReader(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		scripts := 0
		for node := range root.Descendants() {
			if node.Type != html.ElementNode {
				continue
			}
			if node.DataAtom == atom.Script {
				scripts++
				if attribute(node, "type") != "application/json" && attribute(node, "src") != "/assets/page-aaaa.js" {
					t.Errorf("%s has a script of its own: %v", d.Path, node.Attr)
				}
			}
			for _, a := range node.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(a.Val, "javascript:") {
					t.Errorf("%s has the attribute %s=%q", d.Path, a.Key, a.Val)
				}
			}
		}
		if want := 2; d.Path != PathNotFound && scripts != want {
			t.Errorf("%s: got %d scripts, want %d", d.Path, scripts, want)
		}
	}
}

func attribute(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// The page would defuse such an address by itself; the site's scripts take it as it is.
func TestAnAddressThatWouldRunIsLeftOut(t *testing.T) {
	page := newViewer(attacked(t)).head(KindIndex).Page
	if page.Website != "" {
		t.Errorf("website: got %q", page.Website)
	}
	if page.Support != "" && !strings.HasPrefix(page.Support, "https://") {
		t.Errorf("support: got %q", page.Support)
	}
}
