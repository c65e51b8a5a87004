package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"allclear/internal/status"
)

// gmailLimit is where Gmail cuts a mail off.
const gmailLimit = 102 << 10

// flaws says what is wrong with the HTML of a mail: what programs drop, what could run, and what
// people who do not see it would miss.
func flaws(source string) []string {
	var found []string
	flaw := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if len(source) > gmailLimit {
		flaw("it has %d bytes", len(source))
	}
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return []string{err.Error()}
	}
	count := map[atom.Atom]int{}
	article, rank := false, 0
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		count[node.DataAtom]++
		article = article || (attribute(node, "role") == "article" && attribute(node, "lang") == "en" && attribute(node, "dir") == "ltr")
		if slices.Contains([]atom.Atom{atom.H1, atom.H2, atom.H3}, node.DataAtom) { // those of operators are lower
			if next := int(node.Data[1] - '0'); next > rank+1 {
				flaw("a heading of rank %d follows one of %d", next, rank)
			} else {
				rank = next
			}
		}
		switch node.DataAtom {
		case atom.Script, atom.Link, atom.Iframe, atom.Object, atom.Embed, atom.Form, atom.Base, atom.Svg, atom.Video, atom.Button, atom.Input:
			flaw("it has the element %s", node.Data)
		case atom.Style:
			if node.Parent.DataAtom != atom.Head {
				flaw("it has a stylesheet in the body")
			}
		case atom.Img:
			if !slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == "alt" }) {
				flaw("it has an image that is read out as its address")
			}
			if attribute(node, "src") != "" && !strings.HasPrefix(attribute(node, "src"), "http") {
				flaw("it has the image %s", attribute(node, "src"))
			}
		case atom.A:
			if attribute(node, "href") == "" || strings.TrimSpace(inner(node)) == "" && node.FirstChild == nil {
				flaw("it has a link without address or words")
			}
		case atom.Table:
			if attribute(node, "role") != "presentation" && attribute(node, "cellpadding") != "" {
				flaw("it has a table for layout that does not say so")
			}
		}
		for _, a := range node.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "data:") || strings.HasPrefix(value, "link:") || a.Key == roleKey {
				flaw("it has the attribute %s=%q", a.Key, a.Val)
			}
			if strings.ContainsAny(a.Val, "\x00\x01\x02") {
				flaw("it has a control character in %s", a.Key)
			}
		}
	}
	if count[atom.H1] != 1 {
		flaw("it has %d headings of the first rank", count[atom.H1])
	}
	if !article {
		flaw("no element says that it is an article in its language")
	}
	if strings.ContainsAny(source, "\x00\x01\x02") {
		flaw("it has a control character")
	}
	return found
}

func TestMailsSurviveMailPrograms(t *testing.T) {
	for name, m := range samples(t) {
		o := open(t, write(t, m))
		for _, flaw := range flaws(o.html) {
			t.Errorf("%s: %s", name, flaw)
		}
		for _, want := range []string{`<meta name="color-scheme" content="light dark">`, "prefers-color-scheme:dark", "max-width:600px", `width="600"`, "<title>", "<!--[if mso]>"} {
			if !strings.Contains(o.html, want) {
				t.Errorf("%s: no %s", name, want)
			}
		}
	}
}

func TestALongTimelineEndsWithALinkToTheRest(t *testing.T) {
	body := strings.Repeat("We are still working on it, and this is what we know. ", 50) // 300 KB with 110 updates
	o := open(t, write(t, incidentMail(t, IncidentUpdated, long(110, body))))
	for name, part := range map[string]string{"HTML": o.html, "text": o.text} {
		if !strings.Contains(part, "Update 110.") || !strings.Contains(part, "Update 100.") || strings.Contains(part, "Update 2.") {
			t.Errorf("%s: got other updates than the newest", name)
		}
		if n := strings.Count(part, ". We are still"); !strings.Contains(part, "older updates") || n == 0 {
			t.Errorf("%s: nothing leads to the older updates", name)
		}
	}
	if len(o.html) > gmailLimit || len(o.html) < gmailLimit/2 {
		t.Errorf("got %d bytes of HTML, want most of what Gmail shows", len(o.html))
	}
}

func TestAHugeUpdateIsCutWithALinkToTheWhole(t *testing.T) {
	for name, body := range map[string]string{
		"a list of nothing":  strings.Repeat("- a\n", status.MaxBody/4),
		"what has to escape": strings.Repeat(`"<&`, status.MaxBody/3),
		"four bytes each":    strings.Repeat("🔥", status.MaxBody),
		"deep quotes":        strings.Repeat("> ", 5000) + "a",
	} {
		i := long(110, strings.Repeat("Nothing new. ", 100))
		i.Updates[0].Body = body
		m := incidentMail(t, IncidentUpdated, i)
		for n := range 400 {
			m.Components = append(m.Components, Component{fmt.Sprint(n, strings.Repeat(`"`, 255)), status.MajorOutage})
		}
		m.Page.Footer = body
		m.Page.Name, m.Incident.Name = strings.Repeat(`"`, 255), strings.Repeat("'", 255)
		o := open(t, write(t, m))
		for _, flaw := range flaws(o.html) {
			t.Errorf("%s: %s", name, flaw)
		}
		if name != "deep quotes" && !strings.Contains(o.html, "Read all of this update") {
			t.Errorf("%s: nothing leads to the whole update", name)
		}
		if !strings.Contains(o.text, "more components\n  <"+m.URL+">") {
			t.Errorf("%s: nothing leads to the other components", name)
		}
	}
}

func TestOperatorsLinksLeadOutOfTheMail(t *testing.T) {
	i := failure()
	i.Updates[0].Body = "[help](/help) ![graph](graph.png) [x](link:unsubscribe) **[no button](https://a.example)**"
	o := open(t, write(t, incidentMail(t, IncidentUpdated, i)))
	for _, want := range []string{`href="https://status.larkspur.example/help"`, `src="https://status.larkspur.example/graph.png"`} {
		if !strings.Contains(o.html, want) {
			t.Errorf("no %s", want)
		}
	}
	if n := strings.Count(o.html, `class="button"`); n != 1 {
		t.Errorf("got %d buttons, want the mail's own", n)
	}
}

func FuzzMailsStayWhole(f *testing.F) {
	for _, seed := range []string{
		"", "a", "<script>alert(1)</script>", "\x01" + "0\x01", "\x02unsubscribe\x02", "&#2;manage&#2;", "[a](link:manage)", "**[a](tone:good)**", "---", "# a", "\u202e", "a\r\nb",
		"</td></table>", "<!--[if mso]>", "]]>", "{{.Page}}", "\\", strings.Repeat("> ", 300), "| a |\n|---|\n| b |", "![](x)", "[](x)", "=02manage=02", "<h1>a</h1>", "<p><em>a</em></p>",
	} {
		f.Add(seed, seed, true)
		f.Add("name", seed, false)
	}
	f.Fuzz(func(t *testing.T, name, body string, imported bool) {
		i := failure()
		i.Name, i.Updates[0].Body = name, body
		if imported {
			i.Updates[0].Format = status.HTML
		}
		m := incidentMail(t, IncidentUpdated, i)
		m.Page.Name, m.Page.Footer = name, body
		m.Components[0].Name = name
		o := open(t, write(t, m))
		for _, flaw := range flaws(o.html) {
			if !strings.HasPrefix(flaw, "it has a link without") && !strings.HasPrefix(flaw, "it has a table for layout") { // theirs to write
				t.Errorf("%q, %q: %s", name, body, flaw)
			}
		}
		r := sampleRecipient(t)
		for _, part := range []string{o.html, o.text} {
			if strings.Count(part, r.Unsubscribe) != 1 || !utf8.ValidString(part) {
				t.Errorf("%q, %q: got the link to unsubscribe %d times, want once", name, body, strings.Count(part, r.Unsubscribe))
			}
		}
	})
}

// parsed is the HTML of a mail, and finds its elements.
func parsed(t *testing.T, m Mail) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(open(t, write(t, m)).html))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func find(t *testing.T, root *html.Node, text string) *html.Node {
	t.Helper()
	var found *html.Node
	for node := range root.Descendants() {
		if node.Type == html.TextNode && strings.Contains(node.Data, text) {
			found = node.Parent // the last one: the preview may have it, too
		}
	}
	if found == nil {
		t.Fatalf("no text %q", text)
	}
	return found
}

func TestNamesThatRunFromRightToLeftLeaveTheSentenceAsItIs(t *testing.T) {
	i := failure()
	i.Name, i.Updates[0].Body = "تعطل في الدفع", "نحن نحقق.\n\n- أولا"
	m := incidentMail(t, IncidentUpdated, i)
	m.Page.Name, m.Components = "حالة الخدمة", []Component{{"الدفع\u202e", status.MajorOutage}, {"API", status.Operational}}
	o, root := open(t, write(t, m)), parsed(t, m)
	for text, want := range map[string]string{ // what has a direction of its own, and what has that of the language
		"has news": "", "Affected components": "", "You get this mail": "", "الدفع\u2069:": "", "API": "",
		"نحن نحقق": "auto", "أولا": "auto", "Ltd": "auto",
	} {
		if got := attribute(find(t, root, text), "dir"); got != want {
			t.Errorf("%s: got the direction %q, want %q", text, got, want)
		}
	}
	for node := range root.Descendants() {
		if node.DataAtom == atom.H1 && attribute(node, "dir") != "auto" {
			t.Errorf("the heading has no direction of its own")
		}
	}
	for _, want := range []string{"\u2068حالة الخدمة Status\u2069 has news", "- \u2068الدفع\u2069: Major outage", "- API: Operational"} {
		if !strings.Contains(o.text, want) {
			t.Errorf("no %q in the text", want)
		}
	}
	if strings.ContainsAny(o.subject, "\u2068\u2069\u202e") {
		t.Errorf("got the subject %q, want nothing invisible in it", o.subject)
	}
}

func TestATableIsReadOnAPhone(t *testing.T) {
	i := failure()
	i.Updates[0].Body = "| Region | Since |\n|---|--:|\n| EU | 14:02 |\n\n> quoted"
	root := parsed(t, incidentMail(t, IncidentUpdated, i))
	cell := find(t, root, "14:02")
	if got := attribute(cell, "style"); !strings.Contains(got, "word-break:normal") {
		t.Errorf("got a cell with the style %q, which breaks words on a phone", got)
	}
	if got := attribute(cell, "align"); got != "right" {
		t.Errorf("got the alignment %q, want right", got)
	}
	table := cell
	for table.DataAtom != atom.Table {
		table = table.Parent
	}
	if got := attribute(table.Parent, "style"); table.Parent.DataAtom != atom.Div || !strings.Contains(got, "overflow-x:auto") {
		t.Errorf("got the table in a %s of style %q, want one that scrolls", table.Parent.Data, got)
	}
	for frame := table.Parent; frame != nil; frame = frame.Parent {
		if frame.DataAtom == atom.Table && !strings.Contains(attribute(frame, "style"), "table-layout:fixed") {
			t.Errorf("a table of the frame grows with what is in it: %s", attribute(frame, "style"))
		}
	}
}
