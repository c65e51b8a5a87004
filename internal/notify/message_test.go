package notify

import (
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/address"
	"allclear/internal/status"
)

func compile(t testing.TB, m Mail) *Message {
	t.Helper()
	message, err := Compile(m, sampleEnvelope(t))
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func forRecipient(t testing.TB, m *Message, r Recipient) []byte {
	t.Helper()
	raw, err := m.For(r)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestMailsOfOneIncidentAreOneThread(t *testing.T) {
	var first opened
	ids := map[string]bool{}
	for n, name := range []string{"incident-created", "incident-updated", "incident-resolved", "incident-postmortem"} {
		e := sampleEnvelope(t)
		e.Event = fmt.Sprintf("sh0ppage0001/%d", 512+n)
		message, err := Compile(samples(t)[name], e)
		if err != nil {
			t.Fatal(err)
		}
		o := open(t, forRecipient(t, message, sampleRecipient(t)))
		if n == 0 {
			first = o
		}
		for _, field := range []string{"References", "In-Reply-To", "Subject"} { // Gmail asks for the same subject, too
			if got, want := o.header.Get(field), first.header.Get(field); got != want || got == "" {
				t.Errorf("%s: got %s %q, want %q as in the first mail", name, field, got, want)
			}
		}
		if o.header.Get("References") != o.header.Get("In-Reply-To") {
			t.Errorf("%s: got In-Reply-To %q beside References %q", name, o.header.Get("In-Reply-To"), o.header.Get("References"))
		}
		ids[o.header.Get("Message-ID")] = true
	}
	if len(ids) != 4 || ids[first.header.Get("References")] {
		t.Errorf("got the ids %v, want one for each mail, and none that is the thread's", ids)
	}
	r := sampleRecipient(t)
	r.Subscriber = "sub000000002"
	other := open(t, forRecipient(t, compile(t, samples(t)["incident-updated"]), r))
	if ids[other.header.Get("Message-ID")] || other.header.Get("References") == first.header.Get("References") {
		t.Error("another subscriber has the same ids")
	}
}

func TestTheHeaderIsThatOfAListThatCanBeLeftWithOneClick(t *testing.T) {
	r := sampleRecipient(t)
	o := open(t, write(t, samples(t)["incident-updated"]))
	for field, want := range map[string]string{
		"From": `"Larkspur Status" <status@mail.larkspur.example>`, "To": "<ada@customer.example>",
		"List-Unsubscribe": "<" + r.Unsubscribe + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"List-Id": `"Larkspur Status" <sh0ppage0001.mail.larkspur.example>`, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply",
		"Date": "Mon, 23 Nov 2026 14:20:33 +0000", "Mime-Version": "1.0", "Precedence": "", "User-Agent": "", "X-Mailer": "",
	} {
		if got := o.header.Get(field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	if id := o.header.Get("Message-ID"); !regexp.MustCompile(`^<[0-9a-f]{32}@mail\.larkspur\.example>$`).MatchString(id) {
		t.Errorf("got the id %q, want one under the sender's domain", id)
	}
}

func TestAMailThatSomebodyAskedForIsNoList(t *testing.T) {
	for _, name := range []string{"confirmation", "manage", "endpoint-failing"} {
		o := open(t, write(t, samples(t)[name]))
		for _, field := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "References", "In-Reply-To"} {
			if got := o.header.Get(field); got != "" {
				t.Errorf("%s: got %s %q, want none", name, field, got)
			}
		}
		if o.header.Get("Message-ID") == "" || o.header.Get("Auto-Submitted") == "" {
			t.Errorf("%s: got the header %v", name, o.header)
		}
	}
}

func TestEveryRecipientHasTheirOwnLinksAndNothingElseDiffers(t *testing.T) {
	for name, m := range samples(t) {
		message := compile(t, m)
		a, b := sampleRecipient(t), sampleRecipient(t)
		b.To, b.Subscriber = sampleAddress(t, "eve@b.example"), "sub000000002"
		b.Action, b.Manage, b.Unsubscribe = "https://b.example/act", "https://b.example/manage?a=1&b=2", "https://b.example/out"
		first := forRecipient(t, message, a)
		raw := forRecipient(t, message, b)
		if bytes.ContainsAny(raw, "\x01\x02") || bytes.Contains(raw, []byte("slot")) {
			t.Errorf("%s: something stands for what is not there", name)
		}
		o := open(t, raw)
		for _, foreign := range []string{a.Action, a.Manage, a.Unsubscribe, "ada@customer.example"} {
			if strings.Contains(o.html+o.text+fmt.Sprint(o.header), foreign) {
				t.Errorf("%s: got what belongs to another: %s", name, foreign)
			}
		}
		back := strings.NewReplacer(b.Action, a.Action, strings.ReplaceAll(b.Manage, "&", "&amp;"), strings.ReplaceAll(a.Manage, "&", "&amp;"),
			b.Manage, a.Manage, b.Unsubscribe, a.Unsubscribe)
		was := open(t, first)
		if diff := cmp.Diff(was.html+was.text, back.Replace(o.html+o.text)); diff != "" {
			t.Errorf("%s: (-one recipient +other):\n%s", name, diff)
		}
		if !bytes.Equal(first, forRecipient(t, compile(t, m), a)) {
			t.Errorf("%s: the same input gave other bytes", name)
		}
	}
}

func TestLinesAreAsShortAsMailServersWant(t *testing.T) {
	r := sampleRecipient(t)
	r.Unsubscribe = "https://status.larkspur.example/" + strings.Repeat("=", 400)
	r.Unsubscribe += strings.Repeat("a", maxLink-len(r.Unsubscribe)) // the longest that is taken
	for name, m := range samples(t) {
		raw := forRecipient(t, compile(t, m), r)
		header, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		for line := range bytes.SplitSeq(header, []byte("\r\n")) {
			if len(line) > 998 {
				t.Errorf("%s: got a line of header with %d octets", name, len(line))
			}
		}
		for line := range bytes.SplitSeq(body, []byte("\r\n")) {
			if len(line) > 76 {
				t.Errorf("%s: got a line of %d octets: %s", name, len(line), line)
			}
		}
		if bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) || bytes.ContainsFunc(raw, func(c rune) bool { return c > '~' }) {
			t.Errorf("%s: got a bare newline or a byte that is not ASCII", name)
		}
		o := open(t, raw)
		if message := compile(t, m); message.needs[slotUnsubscribe] && (!strings.Contains(o.html, r.Unsubscribe) || !strings.Contains(o.text, "\n"+r.Unsubscribe+"\n")) {
			t.Errorf("%s: the long link did not survive", name)
		}
	}
}

func TestNamesOfEveryScriptSurviveInTheHeader(t *testing.T) {
	for _, name := range []string{`Q"uo\te, <Ltd>`, "日本語の会社", strings.Repeat("Ünïcode ", 30) + "Status", "a\r\nBcc: eve@evil.example"} {
		m := incidentMail(t, IncidentUpdated, failure())
		m.Page.Name, m.Incident.Name = name, name
		e := sampleEnvelope(t)
		e.FromName = strings.Join(strings.Fields(name), " ")
		message, err := Compile(m, e)
		if err != nil {
			t.Fatal(err)
		}
		o := open(t, forRecipient(t, message, sampleRecipient(t)))
		from, err := netmail.ParseAddress(o.header.Get("From"))
		if err != nil || from.Name != e.FromName || from.Address != e.From.String() {
			t.Errorf("%q: got the sender %v, %v", name, from, err)
		}
		if !strings.HasSuffix(o.subject, strings.Join(strings.Fields(name), " ")) {
			t.Errorf("%q: got the subject %q", name, o.subject)
		}
		if !strings.HasSuffix(o.header.Get("List-Id"), " <sh0ppage0001.mail.larkspur.example>") || o.header.Get("Bcc") != "" {
			t.Errorf("%q: got the header %v", name, o.header)
		}
	}
}

func TestTextsOfOperatorsCannotNameTheRecipientsLinks(t *testing.T) {
	o := open(t, write(t, samples(t)["nasty"]))
	unsubscribe := sampleRecipient(t).Unsubscribe
	if n := strings.Count(o.html, unsubscribe); n != 1 {
		t.Errorf("got the link to unsubscribe %d times in the HTML, want once", n)
	}
	if n := strings.Count(o.text, unsubscribe); n != 1 {
		t.Errorf("got it %d times in the text, want once", n)
	}
}

func TestWhatMakesNoMessageIsRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Incident, *Envelope, *Recipient)
		field  string
	}{
		"a sender's name with a line break": {func(_ *Incident, e *Envelope, _ *Recipient) { e.FromName = "a\r\nBcc: b@b.example" }, "from name"},
		"a sender's name with NUL":          {func(_ *Incident, e *Envelope, _ *Recipient) { e.FromName = "a\x00b" }, "from name"},
		"no sender":                         {func(_ *Incident, e *Envelope, _ *Recipient) { e.From = address.Address{} }, "from"},
		"no recipient":                      {func(_ *Incident, _ *Envelope, r *Recipient) { r.To = address.Address{} }, "email"},
		"no event":                          {func(_ *Incident, e *Envelope, _ *Recipient) { e.Event = "" }, "event"},
		"no subscriber":                     {func(_ *Incident, _ *Envelope, r *Recipient) { r.Subscriber = "" }, "subscriber"},
		"no date":                           {func(_ *Incident, _ *Envelope, r *Recipient) { r.Date = time.Time{} }, "date"},
		"no time zone":                      {func(m *Incident, _ *Envelope, _ *Recipient) { m.Page.Zone = nil }, "time zone"},
		"no incident":                       {func(m *Incident, _ *Envelope, _ *Recipient) { m.Incident = nil }, "incident"},
		"no link to manage":                 {func(_ *Incident, _ *Envelope, r *Recipient) { r.Manage = "" }, "manage link"},
		"a relative link to unsubscribe":    {func(_ *Incident, _ *Envelope, r *Recipient) { r.Unsubscribe = "/out" }, "unsubscribe link"},
		"a link that ends its header":       {func(_ *Incident, _ *Envelope, r *Recipient) { r.Unsubscribe += ">\r\nBcc: <b@b.example" }, "unsubscribe link"},
		"a link with an angle bracket":      {func(_ *Incident, _ *Envelope, r *Recipient) { r.Unsubscribe += ">" }, "unsubscribe link"},
		"a link that would run":             {func(_ *Incident, _ *Envelope, r *Recipient) { r.Manage = "javascript:alert(1)" }, "manage link"},
		"a link without end":                {func(_ *Incident, _ *Envelope, r *Recipient) { r.Manage += strings.Repeat("&", 200) }, "manage link"},
		"a page without an address":         {func(m *Incident, _ *Envelope, _ *Recipient) { m.Page.URL = "" }, "page link"},
		"an incident without an address":    {func(m *Incident, _ *Envelope, _ *Recipient) { m.URL = "incidents/1" }, "incident link"},
		"a logo that is no web address":     {func(m *Incident, _ *Envelope, _ *Recipient) { m.Page.Logo = "data:image/png;base64,AAAA" }, "logo"},
		"a page without an id":              {func(m *Incident, _ *Envelope, _ *Recipient) { m.Page.ID = "a b" }, "page id"},
		"an incident without updates":       {func(m *Incident, _ *Envelope, _ *Recipient) { m.Incident.Updates = nil }, "incident"},
		"maintenance without a schedule":    {func(m *Incident, _ *Envelope, _ *Recipient) { m.Kind = MaintenanceStarted }, "incident"},
		"a kind of another mail":            {func(m *Incident, _ *Envelope, _ *Recipient) { m.Kind = ManageAsked }, "kind"},
		"a kind that is none":               {func(m *Incident, _ *Envelope, _ *Recipient) { m.Kind = "x" }, "kind"},
	} {
		m, e, r := incidentMail(t, IncidentUpdated, failure()), sampleEnvelope(t), sampleRecipient(t)
		c.change(&m, &e, &r)
		message, err := Compile(m, e)
		if err == nil {
			_, err = message.For(r)
		}
		var refused *status.Error
		if !errors.As(err, &refused) || refused.Field != c.field {
			t.Errorf("%s: got %v, want a refusal of %q", name, err, c.field)
		}
	}
	if _, err := Compile(Changes{Page: samplePage(t)}, sampleEnvelope(t)); err == nil {
		t.Error("a mail about no change is made")
	}
}

func TestABoundaryThatStandsInATextIsNotTaken(t *testing.T) {
	first := boundary("e", content{})
	if got := boundary("e", content{text: "--" + first}); got == first {
		t.Error("got the boundary that stands in the text")
	}
	message := compile(t, incidentMail(t, IncidentUpdated, failure()))
	r := sampleRecipient(t)
	r.Manage += message.boundary
	if _, err := message.For(r); err == nil {
		t.Error("a link with the boundary is taken")
	}
}

func TestOneMessageServesManyAtOnce(t *testing.T) {
	message := compile(t, samples(t)["incident-updated"])
	r := sampleRecipient(t)
	want := forRecipient(t, message, r)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				if got, err := message.For(r); err != nil || !bytes.Equal(got, want) {
					t.Errorf("got other bytes, %v", err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func BenchmarkFor(b *testing.B) {
	for _, name := range []string{"incident-updated", "long"} {
		b.Run(name, func(b *testing.B) {
			message, r := compile(b, samples(b)[name]), sampleRecipient(b)
			b.ReportAllocs()
			for b.Loop() {
				forRecipient(b, message, r)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	message, r := compile(b, samples(b)["long"]), sampleRecipient(b)
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buffer, err = message.Append(buffer[:0], r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, name := range []string{"incident-updated", "long"} {
		b.Run(name, func(b *testing.B) {
			m := samples(b)[name]
			b.ReportAllocs()
			for b.Loop() {
				compile(b, m)
			}
		})
	}
}
