package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
	"allclear/internal/webhook"
)

func chatKinds() []webhook.Kind {
	return slices.DeleteFunc(webhook.Kinds(), func(k webhook.Kind) bool { return !k.Chat() })
}

func TestEveryServiceGetsEveryKindOfNewsItsWay(t *testing.T) {
	north := status.StateChange{Component: "cmpnorth0001", Name: "North", Old: status.Operational, New: status.PartialOutage}
	for _, kind := range chatKinds() {
		for name, write := range map[string]func() ([]byte, error){
			"incident-created": func() ([]byte, error) { return told(kind, harbour(), crane()) },
			"incident-updated": func() ([]byte, error) {
				return told(kind, harbour(), posted(crane(), status.Identified, status.Markdown, written))
			},
			"incident-resolved": func() ([]byte, error) {
				return told(kind, harbour(), posted(crane(), status.Resolved, status.Markdown, "It *moves* again."))
			},
			"incident-missed": func() ([]byte, error) {
				i := posted(crane(), status.Identified, status.Markdown, "A *worn* bolt & a nut.\n\nMore soon, @all.")
				return Incident(kind, harbour(), posted(i, status.Resolved, status.Markdown, "It moves again."), 0, 3)
			},
			"maintenance-scheduled": func() ([]byte, error) { return told(kind, harbour(), ropes()) },
			"component-changed":     func() ([]byte, error) { return Component(kind, harbour(), &status.Event{Seq: 42, At: at}, north) },
		} {
			t.Run(string(kind)+"/"+name, func(t *testing.T) {
				message, err := write()
				if err != nil {
					t.Fatal(err)
				}
				golden(t, string(kind)+"-"+name+".json", message)
			})
		}
	}
}

// texts are all texts of a message, in no order.
func texts(t *testing.T, message []byte) []string {
	t.Helper()
	if !json.Valid(message) {
		t.Fatalf("no JSON: %s", message)
	}
	return textsOf(message)
}

func textsOf(message []byte) []string {
	var v any
	_ = json.Unmarshal(message, &v)
	var list []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			list = append(list, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return list
}

func TestNobodyCanBeMentioned(t *testing.T) {
	attack := "@everyone @here @channel @all <!channel> <!here> <@U123> <@&456> <users/all> <#C1> <at>all</at> (@everyone) `@here` **@all** a@b.example"
	i := posted(crane(), status.Identified, status.Markdown, attack)
	i.Name = attack
	hidden := posted(crane(), status.Identified, status.HTML, "@<span>everyone</span> &lt;!channel&gt; &#64;here <b>@</b><i>all</i> &lt;users/all&gt; ")
	in := harbour()
	in.Configuration.AddComponent(status.Component{ID: "cmpevil00001", Name: attack}, "")
	i.Components = append(i.Components, "cmpevil00001")
	for _, kind := range chatKinds() {
		for _, incident := range []*status.Incident{i, hidden, late(i), late(hidden)} {
			message, err := Incident(kind, in, incident, 0, len(incident.Updates))
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts(t, message) {
				for _, mention := range mentions[kind] {
					if found := mention.FindString(outsideCode(kind, text)); found != "" {
						t.Errorf("%s: %q is in %q", kind, found, text)
					}
				}
			}
		}
	}
}

var (
	escapedTick = strings.NewReplacer("\\\\", "", "\\`", "")
	discordCode = regexp.MustCompile("(?s)```.*?```|`[^`]*`")
)

// outsideCode is where a mention may be one: in Discord's code nothing means anything.
func outsideCode(kind webhook.Kind, text string) string {
	if kind == webhook.Discord {
		return discordCode.ReplaceAllString(escapedTick.Replace(text), "")
	}
	return text
}

// mentions are what the services take for one. Teams has none without entities beside the text, and
// the texts of Google's cards have none.
var mentions = map[webhook.Kind][]*regexp.Regexp{
	webhook.Slack:      {regexp.MustCompile(`<[!@#]`), regexp.MustCompile(`(^|[^\pL\pN])@(everyone|here|channel|all)`)},
	webhook.Discord:    {regexp.MustCompile(`(^|[^\\])<[@#&]`), regexp.MustCompile(`(^|[^\pL\pN])@(everyone|here|all)`)},
	webhook.Mattermost: {regexp.MustCompile(`(^|[^\pL\pN])@(everyone|here|channel|all)`)},
	webhook.GoogleChat: {regexp.MustCompile(`<users/`)},
}

// limit is how long the longest part of a message is, and how long it may be.
var limit = map[webhook.Kind]func(message []byte) (got, most int){
	webhook.Slack: func(b []byte) (int, int) {
		longest := 0
		for _, text := range textsOf(b) {
			longest = max(longest, units(text))
		}
		return longest, 3000
	},
	webhook.Discord: func(b []byte) (int, int) {
		longest := 0
		for _, text := range textsOf(b) {
			longest = max(longest, units(text))
		}
		return longest, 4096
	},
	webhook.Mattermost: func(b []byte) (int, int) { // as a server counts that keeps it as Go's JSON
		var escaped bytes.Buffer
		json.HTMLEscape(&escaped, b)
		return utf8.RuneCount(escaped.Bytes()), 7200
	},
	webhook.GoogleChat: func(b []byte) (int, int) { return len(b), 32000 },
	webhook.Teams:      func(b []byte) (int, int) { return len(b), 14 << 10 },
}

func TestALongUpdateIsCutToWhatTheServiceTakesWithALinkToTheRest(t *testing.T) {
	for what, body := range map[string]string{
		"words":        strings.Repeat("The crane is still stuck and we are pulling. ", 700),
		"marks":        strings.Repeat("**a** *b* `c` [d](https://example.com/?a=1&b=2) <&> ", 500),
		"ampersands":   strings.Repeat("&", 25000),
		"stars":        strings.Repeat(`\*`, 40000),
		"emoji":        strings.Repeat("🏗", 10000),
		"paragraphs":   strings.Repeat("a\n\n", 8000),
		"one long one": strings.Repeat("x", 40000),
		"list":         strings.Repeat("- a\n", 6000),
		"quotes":       strings.Repeat("> a\n", 6000),
		"code":         "```\n" + strings.Repeat("`<&>\n", 5000) + "```",
	} {
		i := posted(crane(), status.Identified, status.Markdown, body)
		i.Name = strings.Repeat("*&", 120)
		for _, kind := range chatKinds() {
			message, err := told(kind, harbour(), i)
			if err != nil {
				t.Fatal(err)
			}
			got, most := limit[kind](message)
			if got > most {
				t.Errorf("%s, %s: got %d, want at most %d", kind, what, got, most)
			}
			if got < most/3 {
				t.Errorf("%s, %s: only %d of %d are used", kind, what, got, most)
			}
			if !strings.Contains(string(message), "Read the whole update") || !utf8.Valid(message) {
				t.Errorf("%s, %s: there is no link to the rest", kind, what)
			}
		}
	}
}

func TestLongUpdatesThatWereMissedLeaveRoomForTheOneThatIsTold(t *testing.T) {
	i := crane()
	for range 8 {
		i = posted(i, status.Monitoring, status.Markdown, strings.Repeat("&", 25000))
	}
	i.Name = strings.Repeat("*&", 120)
	for _, kind := range chatKinds() {
		message, err := Incident(kind, harbour(), i, 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		if got, most := limit[kind](message); got > most {
			t.Errorf("%s: got %d, want at most %d", kind, got, most)
		}
		for _, want := range []string{"Read the whole update", "Earlier, not told here yet"} {
			if !strings.Contains(string(message), want) {
				t.Errorf("%s: %q is not in it", kind, want)
			}
		}
		if !regexp.MustCompile(`and \d more`).Match(message) {
			t.Errorf("%s: it does not say how many more there are", kind)
		}
	}
}

// late puts an update on top that was not told, and one that is told instead of both.
func late(i *status.Incident) *status.Incident {
	i = posted(i.Clone(), i.Status, status.Markdown, "Still at it.")
	i.Updates[0].DeliverNotifications = true
	return posted(i, i.Status, status.Markdown, "Nearly there.")
}

func TestWhatWasMissedIsToldInShortTheNewestFirstAndNothingElse(t *testing.T) {
	i := crane()
	for n := range 8 {
		i = posted(i, status.Monitoring, status.Markdown, fmt.Sprintf("Number %d. %s", n, strings.Repeat("&", 200)))
		i.Updates[0].DeliverNotifications = n != 5
	}
	for _, c := range []struct {
		at, told int
		want     []string
		more     string
	}{
		{0, 1, []string{"7"}, ""},
		{0, 2, []string{"7", "6"}, ""},
		{0, 4, []string{"7", "6", "4"}, ""},
		{1, 4, []string{"6", "4"}, ""},
		{0, 9, []string{"7", "6", "4", "3", "2", "1"}, "and 2 more"},
		{2, 0, []string{"5"}, ""},
		{0, 99, []string{"7", "6", "4", "3", "2", "1"}, "and 2 more"},
	} {
		for _, kind := range chatKinds() {
			message, err := Incident(kind, harbour(), i, c.at, c.told)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, found := range regexp.MustCompile(`Number (\d)`).FindAllSubmatch(message, -1) {
				got = append(got, string(found[1]))
			}
			more := string(regexp.MustCompile(`and \d+ more`).Find(message))
			if kind != webhook.Mattermost && (!slices.Equal(got, c.want) || more != c.more) { // which has no room for so many "&"
				t.Errorf("%s, %d to %d: got %v and %q, want %v and %q", kind, c.at, c.told, got, more, c.want, c.more)
			}
			if len(got) == 0 || got[0] != c.want[0] {
				t.Errorf("%s, %d to %d: got %v, want %s first", kind, c.at, c.told, got, c.want[0])
			}
		}
	}
}

func TestAShortUpdateIsWhole(t *testing.T) {
	for _, kind := range chatKinds() {
		message, err := told(kind, harbour(), posted(crane(), status.Identified, status.Markdown, written))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(message), "Read the whole") || strings.Contains(string(message), "…") {
			t.Errorf("%s: it is cut: %s", kind, message)
		}
	}
}

func TestManyComponentsAreCounted(t *testing.T) {
	in, i := harbour(), crane()
	for n := range 300 {
		id := fmt.Sprintf("cmp%09d", n)
		in.Configuration.AddComponent(status.Component{ID: id, Name: strings.Repeat("<@&_>", 50)}, "")
		i.Components = append(i.Components, id)
	}
	for _, kind := range chatKinds() {
		message, err := told(kind, in, i)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(message), "and 295 more") {
			t.Errorf("%s: got %s", kind, message)
		}
		for _, text := range texts(t, message) {
			if kind == webhook.Discord && strings.Contains(text, "295 more") && units(text) > 1024 {
				t.Errorf("a field of %d characters", units(text))
			}
		}
	}
}

func TestLinksLeadToTheWebOnlyAndEndNowhereElse(t *testing.T) {
	for given, want := range map[string]string{
		"https://example.com/a":           "https://example.com/a",
		"https://example.com/a b|c>d)e`f": "https://example.com/a%20b%7Cc%3Ed%29e%60f",
		"javascript:alert(1)":             "",
		"mailto:a@example.com":            "",
		"/relative":                       "",
		"//example.com/a":                 "",
		"https://":                        "",
		"https://example.com/\\a":         "https://example.com/%5Ca",
	} {
		if got := webAddress(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestWhatMarkdownMeansSomethingByIsEscaped(t *testing.T) {
	for given, want := range map[string]string{
		"a_b*c~d`e|f":     "a\\_b\\*c\\~d\\`e\\|f",
		"- a\n+ b\n1. c":  "\\- a\n\\+ b\n1\\. c",
		"# a\n> b":        "\\# a\n\\> b",
		"[a](b) <c> &lt;": "\\[a\\]\\(b\\) \\<c\\> \\&lt;",
		`\*`:              `\\\*`,
		"2026. a-b":       "2026\\. a-b",
		"@all a@b":        "@\u200ball a@b",
	} {
		if got := escapeMarkdown(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestNothingEndsTheCodeThatItStandsIn(t *testing.T) {
	body := "Use ``a`*b*`` or\n~~~\n```\n<!here>\n~~~\n"
	for kind, want := range map[webhook.Kind]string{
		webhook.Slack:      "Use `a'*b*` or\n\n```\n'''\n&lt;!here&gt;\n```",
		webhook.Discord:    "**Identified** · Major impact\n\nUse `a'*b*` or\n\n```\n'''\n<!here>\n```",
		webhook.GoogleChat: "Use a`*b* or\n\n```\n&lt;!here&gt;",
	} {
		message, err := told(kind, harbour(), posted(crane(), status.Identified, status.Markdown, body))
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(t, message); !slices.Contains(got, want) {
			t.Errorf("%s: got %q, want %q among them", kind, got, want)
		}
	}
}

func TestABodyIsTakenApartAsABrowserShowsIt(t *testing.T) {
	for given, want := range map[string][]block{
		"<p> a \n b <b> c</b> </p><p></p>": {{runs: []run{{text: "a b "}, {text: "c", style: style{bold: true}}}}},
		"<ol start=\"3\"><li>a</li><li><p>b</p><p>c</p></li></ol>": {
			{marker: "3. ", tight: true, runs: []run{{text: "a"}}}, {marker: "4. ", tight: true, runs: []run{{text: "b"}}}, {tight: true, runs: []run{{text: "c"}}},
		},
		"<ul><li>a<ul><li>b</li></ul></li></ul>":                 {{marker: "• ", tight: true, runs: []run{{text: "a"}}}, {marker: "• ", depth: 1, tight: true, runs: []run{{text: "b"}}}},
		"<table><tr>\n<td>a</td>\n<td>b</td>\n</tr></table>":     {{tight: true, runs: []run{{text: "a | b"}}}},
		"<pre><code>a\n  b\n</code></pre>":                       {{pre: true, runs: []run{{text: "a\n  b"}}}},
		"a<br/> b":                                               {{runs: []run{{text: "a\nb"}}}},
		"@<span>everyone</span>":                                 {{runs: []run{{text: "@everyone"}}}},
		"<img src=\"https://example.com/a.png\" alt=\"graph\"/>": {{runs: []run{{text: "graph", link: "https://example.com/a.png"}}}},
		"": nil,
	} {
		got := read(given)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{}, run{}, style{})); len(want)+len(got) > 0 && diff != "" {
			t.Errorf("%s (-want +got):\n%s", given, diff)
		}
	}
}

func TestWhatIsNoMessageIsAnError(t *testing.T) {
	empty := crane()
	empty.Updates = nil
	for what, write := range map[string]func() ([]byte, error){
		"no update":       func() ([]byte, error) { return told(webhook.Slack, harbour(), empty) },
		"another update":  func() ([]byte, error) { return Incident(webhook.Slack, harbour(), crane(), 1, 1) },
		"plain":           func() ([]byte, error) { return told(webhook.Plain, harbour(), crane()) },
		"an unknown kind": func() ([]byte, error) { return told("sms", harbour(), crane()) },
	} {
		if message, err := write(); err == nil {
			t.Errorf("%s: got %s", what, message)
		}
	}
	_, err := Component(webhook.Slack, harbour(), &status.Event{Seq: 42}, status.StateChange{Component: "cmpgone00001"})
	if e := (*status.Error)(nil); !errors.As(err, &e) || e.Code != status.NotFound {
		t.Errorf("a component that was deleted: got %v", err)
	}
}

func FuzzEveryBodyMakesAMessageThatFits(f *testing.F) {
	f.Add(written, true)
	f.Add("<ul><li>a<pre>b</pre><blockquote>@all</blockquote></ul>", false)
	f.Fuzz(func(t *testing.T, body string, markdown bool) {
		format := status.HTML
		if markdown {
			format = status.Markdown
		}
		for n := range 2 * len(chatKinds()) {
			kind, i := chatKinds()[n/2], posted(crane(), status.Identified, format, body)
			if n%2 == 1 {
				i = late(i) // it was missed
			}
			message, err := Incident(kind, harbour(), i, 0, len(i.Updates))
			if err != nil || !json.Valid(message) || !utf8.Valid(message) {
				t.Fatalf("%s: got %q, %v", kind, message, err)
			}
			for _, text := range texts(t, message) {
				for _, mention := range mentions[kind] {
					if found := mention.FindString(outsideCode(kind, text)); found != "" {
						t.Errorf("%s: %q is in %q", kind, found, text)
					}
				}
			}
		}
	})
}
