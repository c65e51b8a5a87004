package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/api"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

const subscribers = base + "/subscribers"

// subscriber adds one by mail and answers its id.
func (d *desk) subscriber(email string, fields ...string) string {
	d.t.Helper()
	body := fmt.Sprintf(`{"subscriber":{"email":%q%s}}`, email, strings.Join(append([]string{""}, fields...), ","))
	return d.must(201, "POST", subscribers, body).id()
}

const skip = `"skip_confirmation_notification":true`

func (d *desk) stored(id string) *status.Subscriber {
	d.t.Helper()
	s, err := d.audience.Subscriber(d.t.Context(), pageID, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *desk) quarantine(id string, reason status.QuarantineReason) {
	d.t.Helper()
	_, _, err := d.audience.UpdateSubscriber(d.t.Context(), pageID, id, store.Beside{}, func(s *status.Subscriber) error {
		return s.Quarantine(reason, d.clock.Now())
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// mails are the ids of subscribers that a mail was asked for, in order.
func (d *desk) mails() []string {
	d.t.Helper()
	records, err := d.db.Table("audience").Records(d.t.Context(), 0, 1_000_000)
	if err != nil {
		d.t.Fatal(err)
	}
	asked := []string{}
	for _, r := range records {
		if r.Kind == table.Insert && strings.HasPrefix(r.Key.Sort, store.PrefixMailRequest) {
			asked = append(asked, r.New.Attributes["subscriber"].(string))
		}
	}
	return asked
}

func (d *desk) audits() []store.Audit {
	d.t.Helper()
	list, _, err := d.audience.Audits(d.t.Context(), pageID, "", 1000)
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func (d *desk) listed(query string) []string {
	d.t.Helper()
	return ids(d.must(200, "GET", subscribers+query, "").list())
}

func TestASubscriberByMailIsAskedToConfirmUnlessTheOperatorSaysSo(t *testing.T) {
	d := newDesk(t)
	asked, known := d.subscriber("A@Bücher.example"), d.subscriber("b@example.com", skip)
	if diff := cmp.Diff([]string{asked}, d.mails()); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
	if s := d.stored(asked); s.State != status.Unconfirmed || s.Email != "A@xn--bcher-kva.example" {
		t.Errorf("got %s %s, want it unconfirmed, in punycode", s.State, s.Email)
	}
	if s := d.stored(known); s.State != status.Active || !s.Quiet {
		t.Errorf("got %s, quiet %t, want it active and quiet", s.State, s.Quiet)
	}
}

func TestSubscribersAreTakenInEveryShapeThatClientsSend(t *testing.T) {
	d := newDesk(t)
	c := d.component("API")
	g := d.group("Group", d.component("Web"))
	for body, header := range map[string]string{
		`{"subscriber":{"email":"a@example.com","component_ids":["` + c + `","` + g + `"]}}`:                                                                "X: y",
		`{"email":"b@example.com","component_ids":["` + c + `","` + g + `"]}`:                                                                               "Content-Type: application/json",
		form("subscriber[email]", "c@example.com", "subscriber[component_ids][]", c, "subscriber[component_ids][]", g, "subscriber[page_access_user]", "x"): isForm,
		form("email", "d@example.com", "component_ids[0]", c, "component_ids[1]", g):                                                                        isForm,
	} {
		id := d.must(201, "POST", subscribers, body, header).id()
		if diff := cmp.Diff([]string{c, g}, d.stored(id).Components); diff != "" {
			t.Errorf("%s: components (-want +got):\n%s", body, diff)
		}
	}
}

func TestAnEndpointIsActiveAtOnceInTheModeOfItsService(t *testing.T) {
	d := newDesk(t)
	for body, want := range map[string]status.Mode{
		`"endpoint":"https://example.com/hook","email":"a@example.com"`:              status.ModeWebhook,
		`"endpoint":"https://hooks.slack.com/services/T/B/x"`:                        status.ModeSlack,
		`"endpoint":"https://chat.example.com/hooks/x","mode":"mattermost"`:          status.ModeMattermost,
		`"endpoint":"https://discord.com/api/webhooks/1/x"`:                          status.ModeDiscord,
		`"endpoint":"https://chat.googleapis.com/v1/spaces/x/messages","kinds":[]`:   status.ModeGoogleChat,
		`"endpoint":"https://example.webhook.office.com/x","kinds":["maintenances"]`: status.ModeTeams,
	} {
		a := d.must(201, "POST", subscribers, `{"subscriber":{`+body+`}}`)
		s := d.stored(a.id())
		if s.State != status.Active || s.Mode != want || a.object()["mode"] != string(want) {
			t.Errorf("%s: got %s, %s, want an active %s", body, s.State, s.Mode, want)
		}
		secret, _ := a.object()["signing_secret"].(string)
		if (want == status.ModeWebhook) != strings.HasPrefix(secret, "whsec_") {
			t.Errorf("%s: got secret %q", body, secret)
		}
		if strings.Contains(d.must(200, "GET", subscribers+"/"+a.id(), "").Body, "secret") {
			t.Errorf("%s: the secret is shown again", body)
		}
	}
	if got := d.mails(); len(got) != 0 {
		t.Errorf("got mails %v, want none", got)
	}
}

func TestASigningSecretIsRotatedWithTwoInUse(t *testing.T) {
	d := newDesk(t)
	first := d.must(201, "POST", subscribers, `{"subscriber":{"endpoint":"https://example.com/hook"}}`)
	for range 3 {
		a := d.must(201, "POST", subscribers+"/"+first.id()+"/rotate_secret", "")
		s := d.stored(first.id())
		if len(s.Secrets) != 2 || s.Secrets[0].Text != a.object()["signing_secret"] || s.Secrets[0].Text == s.Secrets[1].Text {
			t.Errorf("got %v, want the new one first and one before it", len(s.Secrets))
		}
	}
}

func TestEndpointsLeadWhereTheRulesSay(t *testing.T) {
	body := `{"subscriber":{"endpoint":"http://127.0.0.1:9000/hook"}}`
	got := problem(t, newDesk(t).must(422, "POST", subscribers, body))
	if !strings.HasPrefix(got, "subscriber.endpoint must") {
		t.Errorf("got %q", got)
	}
	newDesk(t, func(o *api.Options) { o.Endpoints.AllowLoopback = true }).must(201, "POST", subscribers, body)
}

func TestWhatIsChosenCanBeChangedAndWithoutComponentsItIsTheWholePage(t *testing.T) {
	d := newDesk(t)
	c := d.component("API")
	id := d.subscriber("a@example.com")
	a := d.must(200, "PATCH", subscribers+"/"+id, `{"component_ids":["`+c+`"],"subscriber":null}`)
	if diff := cmp.Diff([]any{c}, a.object()["components"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := d.must(200, "PATCH", subscribers+"/"+id, `{}`).object()["components"]; got != nil {
		t.Errorf("got %v, want null", got)
	}
	if got := len(d.stored(id).Components); got != 0 {
		t.Errorf("got %d components stored, want none", got)
	}
}

func TestADeletedSubscriberIsAnsweredAndThenGone(t *testing.T) {
	d := newDesk(t)
	id := d.subscriber("a@example.com", skip)
	a := d.must(200, "DELETE", subscribers+"/"+id+"?skip_unsubscription_notification=true", "")
	if got := a.object()["email"]; got != "a@example.com" {
		t.Errorf("got %v, want what it was", got)
	}
	d.must(404, "DELETE", subscribers+"/"+id, "")
	d.must(404, "GET", subscribers+"/"+id, "")
	d.must(404, "PATCH", subscribers+"/"+id, "{}")
	d.must(422, "DELETE", subscribers+"/"+id+"?skip_unsubscription_notification=x", "")
	left := d.must(200, "GET", subscribers+"/unsubscribed", "").list()
	if len(left) != 1 || left[0]["id"] != id || left[0]["email"] != nil {
		t.Errorf("got %v, want it without its address", left)
	}
	if again := d.subscriber("a@example.com"); again == id {
		t.Error("who comes back is the same subscriber")
	}
}

func TestTheListIsFilteredSortedAndPagedFromZero(t *testing.T) {
	d := newDesk(t)
	c := d.subscriber("carol@example.com", skip)
	d.clock.advance(time.Minute)
	a := d.subscriber("alice@example.com", skip)
	d.clock.advance(time.Minute)
	b := d.subscriber("Bob@example.net", skip)
	open := d.subscriber("dave@example.com")
	hook := d.must(201, "POST", subscribers, `{"subscriber":{"endpoint":"https://hooks.example.com/al","email":"ops@example.com"}}`).id()
	lost := d.subscriber("eve@example.com", skip)
	d.quarantine(lost, status.Failing)
	d.must(201, "POST", base+"/incidents/"+d.incident(`"name":"x"`)["id"].(string)+"/subscribers", `{"subscriber":{"email":"f@example.com",`+skip+`}}`)
	for query, want := range map[string][]string{
		"":                                    {a, b, c, hook},
		"?state=active&type=email":            {a, b, c},
		"?state=unconfirmed":                  {open},
		"?state=quarantined":                  {lost},
		"?state=all":                          {a, b, c, open, lost, hook},
		"?type=webhook":                       {hook},
		"?type=integration_partner&state=all": {},
		"?sort_direction=desc&type=email":     {c, b, a},
		"?sort_field=created_at&type=email":   {c, a, b},
		"?sort_field=quarantined_at&state=all&type=email&limit=1&sort_direction=desc": {lost},
		"?limit=2":                   {a, b},
		"?limit=2&page=1":            {c, hook},
		"?limit=2&page=2":            {},
		"?limit=9999&page=99":        {},
		"?q=EXAMPLE.NET":             {b},
		"?q=al":                      {a, hook},
		"?q=ops@":                    {hook},
		"?q=al&sort_field=relevance": {a, hook},
		"?q=bob@example.net&sort_field=relevance":        {b},
		"?q=example.com&sort_field=relevance&type=email": {a, c},
		"?q=nobody": {},
	} {
		if diff := cmp.Diff(want, d.listed(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for query, want := range map[string]float64{"": 3, "?state=all": 5, "?state=quarantined": 1, "?type=webhook": 0} {
		if got := d.must(200, "GET", subscribers+"/count"+query, "").object()["email"]; got != want {
			t.Errorf("count%s: got %v by mail, want %v", query, got, want)
		}
	}
}

func TestOneMailADayAsksAnewAndTheRestWaitsForTheCap(t *testing.T) {
	d := newDesk(t, func(o *api.Options) { o.DailyConfirmations = 2 })
	a, b := d.subscriber("a@example.com"), d.subscriber("b@example.com")
	late := d.subscriber("c@example.com")
	if diff := cmp.Diff([]string{a, b}, d.mails()); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
	resend := func(id string) float64 {
		t.Helper()
		return d.must(201, "POST", subscribers+"/"+id+"/resend_confirmation", "").object()["count"].(float64)
	}
	if got := resend(a); got != 0 {
		t.Errorf("the same day: got %v, want none", got)
	}
	d.clock.advance(24 * time.Hour)
	if got := resend(a); got != 1 {
		t.Errorf("the next day: got %v, want one", got)
	}
	if n, err := d.audience.ServeWaiting(t.Context(), pageID, store.DailyConfirmations(pageID, 2), 10); err != nil || n != 1 {
		t.Errorf("got %d served, %v, want one", n, err)
	}
	if diff := cmp.Diff([]string{a, b, a, late}, d.mails()); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
	known := d.subscriber("d@example.com", skip)
	if got := problem(t, d.must(422, "POST", subscribers+"/"+known+"/resend_confirmation", "")); !strings.Contains(got, "is not waiting for a confirmation") {
		t.Errorf("got %q", got)
	}
}

func TestManyAreAskedAgainUnsubscribedOrReactivated(t *testing.T) {
	d := newDesk(t)
	count := func(path, body string) float64 {
		t.Helper()
		return d.must(201, "POST", subscribers+path, body).object()["count"].(float64)
	}
	a, b := d.subscriber("a@example.com"), d.subscriber("b@example.com")
	active, other := d.subscriber("c@example.com", skip), d.subscriber("d@example.com", skip)
	for body, want := range map[string]float64{`{"subscribers":"all"}`: 0, `{"subscribers":["` + a + `","nosuch","No-Id"]}`: 0} {
		if got := count("/resend_confirmation", body); got != want {
			t.Errorf("%s the same day: got %v, want %v", body, got, want)
		}
	}
	d.clock.advance(24 * time.Hour)
	if got := count("/resend_confirmation", `{"subscribers":"all"}`); got != 2 {
		t.Errorf("the next day: got %v, want 2", got)
	}
	if got := count("/unsubscribe", form("subscribers[]", a, "subscribers[]", active)); got != 1 {
		t.Errorf("active ones: got %v, want 1: the other is unconfirmed", got)
	}
	if got := count("/unsubscribe", `{"subscribers":"all","state":"unconfirmed","type":"webhook"}`); got != 0 {
		t.Errorf("webhooks: got %v, want none", got)
	}
	if got := count("/unsubscribe", `{"subscribers":"all","state":"unconfirmed"}`); got != 2 {
		t.Errorf("unconfirmed ones: got %v, want 2", got)
	}
	f, g := d.subscriber("f@example.com", skip), d.subscriber("g@example.com", skip)
	// Statuspage describes the list as a string, and clients made from that description send one.
	if got := count("/unsubscribe", form("subscribers", `["`+f+`", "`+g+`"]`)); got != 2 {
		t.Errorf("a list in a string: got %v, want 2", got)
	}
	bounced := d.subscriber("e@example.com", skip)
	d.quarantine(other, status.Failing)
	d.quarantine(bounced, status.Bounced)
	if got := count("/reactivate", `{"subscribers":"all"}`); got != 1 {
		t.Errorf("got %v reactivated, want 1", got)
	}
	if d.stored(other).State != status.Active || d.stored(bounced).State != status.Quarantined || d.stored(b).State != status.Unsubscribed {
		t.Error("the wrong ones")
	}
}

func TestReactivatingRevivesNoAddressThatBouncedOrComplainedAnywhere(t *testing.T) {
	d := newDesk(t)
	own, elsewhere, hook := d.subscriber("a@example.com", skip), d.subscriber("b@example.com", skip), d.subscriber("c@example.com", skip)
	if err := d.audience.Suppress(t.Context(), pageID, own, "a@example.com", status.Complained); err != nil {
		t.Fatal(err)
	}
	d.quarantine(elsewhere, status.Failing)
	if err := d.audience.Suppress(t.Context(), "otherpage", "nobody", "B@example.com", status.Bounced); err != nil {
		t.Fatal(err)
	}
	d.quarantine(hook, status.Failing)
	for _, who := range []string{`["` + own + `","` + elsewhere + `","` + strings.Repeat("#", 2000) + `"]`, `"all"`} {
		answer := d.must(201, "POST", subscribers+"/reactivate", `{"subscribers":`+who+`}`)
		if want := map[bool]float64{true: 1, false: 0}[who == `"all"`]; answer.object()["count"] != want {
			t.Errorf("%s: got %s, want %v reactivated", who, answer.Body, want)
		}
	}
	for id, want := range map[string]status.QuarantineReason{own: status.Complained, elsewhere: status.Bounced, hook: ""} {
		shown := d.must(200, "GET", subscribers+"/"+id, "").object()
		reason, _ := shown["quarantine_reason"].(string)
		if quarantined := shown["state"] == "quarantined"; reason != string(want) || quarantined != (want != "") {
			t.Errorf("%s: got %v for %q, want it quarantined for %q", id, shown["state"], reason, want)
		}
	}
}

func TestNotEverybodyCanBeUnsubscribedAtOnce(t *testing.T) {
	d := newDesk(t)
	for i := range 101 {
		d.subscriber(fmt.Sprintf("a%d@example.com", i), skip)
	}
	got := problem(t, d.must(422, "POST", subscribers+"/unsubscribe", `{"subscribers":"all"}`))
	if !strings.Contains(got, `subscribers can't be "all": there are 101`) || len(d.listed("")) != 100 {
		t.Errorf("got %q", got)
	}
}

func TestBulkRequestsAreBoundedAndSayHowManyAreLeft(t *testing.T) {
	d := newDesk(t)
	for i := range 310 {
		d.quarantine(d.subscriber(fmt.Sprintf("a%d@example.com", i), skip), status.Failing)
	}
	for _, want := range []string{`{"count":300,"remaining":10}`, `{"count":10,"remaining":0}`, `{"count":0,"remaining":0}`} {
		if got := d.must(201, "POST", subscribers+"/reactivate", `{"subscribers":"all"}`).Body; got != want+"\n" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSubscribersOfAnIncidentAreThereOnly(t *testing.T) {
	d := newDesk(t)
	i, other := d.incident(`"name":"x"`)["id"].(string), d.incident(`"name":"y"`)["id"].(string)
	here := base + "/incidents/" + i + "/subscribers"
	page := d.subscriber("a@example.com", skip)
	id := d.must(201, "POST", here, form("email", "a@example.com"), isForm).id()
	if s := d.stored(id); s.Incident != i || s.State != status.Unconfirmed {
		t.Errorf("got %s of %q", s.State, s.Incident)
	}
	if diff := cmp.Diff([]string{id}, ids(d.must(200, "GET", here, "").list())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{page}, d.listed("?state=all")); diff != "" {
		t.Errorf("the page's (-want +got):\n%s", diff)
	}
	d.must(200, "GET", here+"/"+id, "")
	d.must(404, "GET", here+"/"+page, "")
	d.must(404, "GET", base+"/incidents/"+other+"/subscribers/"+id, "")
	d.must(404, "DELETE", base+"/incidents/"+other+"/subscribers/"+id, "")
	d.must(404, "GET", base+"/incidents/nosuch/subscribers", "")
	d.must(404, "POST", base+"/incidents/nosuch/subscribers", `{"subscriber":{"email":"b@example.com"}}`)
	d.clock.advance(24 * time.Hour)
	if got := d.must(201, "POST", here+"/"+id+"/resend_confirmation", "").object()["count"]; got != 1.0 {
		t.Errorf("got %v asked, want 1", got)
	}
	d.must(200, "DELETE", here+"/"+id, "")
	if got := d.must(200, "GET", here, "").list(); len(got) != 0 {
		t.Errorf("got %v, want nobody", got)
	}
}

func TestOneIncidentThatIsOverTakesNoSubscribers(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"x"`)["id"].(string)
	here, body := base+"/incidents/"+i+"/subscribers", `{"subscriber":{"email":"a@example.com",`+skip+`}}`
	first := d.must(201, "POST", here, body, again)
	d.must(200, "PATCH", base+"/incidents/"+i, `{"incident":{"status":"resolved"}}`)
	got := problem(t, d.must(422, "POST", here, `{"subscriber":{"email":"b@example.com",`+skip+`}}`))
	if !strings.Contains(got, "incident is over") {
		t.Errorf("got %q", got)
	}
	if replayed := d.must(201, "POST", here, body, again); replayed.Body != first.Body {
		t.Errorf("the same request again: got %s, want the answer of before", replayed.Body)
	}
	d.must(200, "PATCH", base+"/incidents/"+i, `{"incident":{"status":"investigating"}}`)
	d.must(201, "POST", here, `{"subscriber":{"email":"b@example.com",`+skip+`}}`)
}

func TestASubscriberOfOneIncidentShowsWhichAndWhenItEnds(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"x"`)["id"].(string)
	here := base + "/incidents/" + i + "/subscribers"
	page := d.subscriber("b@example.com", skip)
	active := d.must(201, "POST", here, `{"subscriber":{"email":"a@example.com",`+skip+`}}`).id()
	waiting := d.must(201, "POST", here, `{"subscriber":{"email":"b@example.com"}}`).id()
	shown := func(method, path, body string) [2]any {
		t.Helper()
		s := d.must(200, method, path, body).object()
		return [2]any{s["incident_id"], s["purge_at"]}
	}
	check := func(what string, want any, got [2]any) {
		t.Helper()
		if diff := cmp.Diff([2]any{i, want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	d.clock.advance(24 * time.Hour)
	unconfirmed := shown("GET", here+"/"+waiting, "")[1]
	check("while it goes on", nil, shown("GET", here+"/"+active, ""))
	resolve := func() string { // and answer when subscriptions end
		t.Helper()
		at, err := time.Parse(time.RFC3339, d.must(200, "PATCH", base+"/incidents/"+i, `{"incident":{"status":"resolved"}}`).object()["resolved_at"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return at.Add(status.FollowedFor).Format("2006-01-02T15:04:05.000Z07:00")
	}
	end := resolve()
	check("when it is over", end, shown("GET", here+"/"+active, ""))
	check("under the page", end, shown("GET", subscribers+"/"+active, ""))
	check("as an answer to a change", end, shown("PATCH", subscribers+"/"+active, `{"kinds":["incidents"]}`))
	check("unconfirmed", unconfirmed, shown("GET", here+"/"+waiting, ""))
	if got := shown("GET", subscribers+"/"+page, ""); got != [2]any{} {
		t.Errorf("of the page: got %v, want no incident and no end", got)
	}
	d.must(200, "PATCH", base+"/incidents/"+i, `{"incident":{"status":"investigating"}}`)
	check("when it is open again", nil, shown("GET", here+"/"+active, ""))
	end = resolve()
	check("as it leaves", end, shown("DELETE", subscribers+"/"+active, ""))
}

// What is kept of an address is found by one request, for who asks for a copy.
func TestASearchInAllStatesFindsSubscribersOfOneIncidentToo(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"x"`)["id"].(string)
	page := d.subscriber("a@example.com", skip)
	here := d.must(201, "POST", base+"/incidents/"+i+"/subscribers", `{"subscriber":{"email":"A@Example.com"}}`).id()
	d.subscriber("b@example.com", skip)
	for query, want := range map[string][]string{
		"?state=all&q=a@example.com&sort_field=created_at": {page, here},
		"?state=all&q=a@example.com&type=webhook":          {},
		"?q=a@example.com":               {page},
		"?state=unconfirmed&q=a@example": {},
	} {
		if diff := cmp.Diff(want, d.listed(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	d.must(200, "DELETE", base+"/incidents/"+i, "")
	list := d.must(200, "GET", subscribers+"?state=all&q=a@example.com", "").list()
	if len(list) != 2 {
		t.Errorf("got %d when the incident was deleted, want both still", len(list))
	}
	d.must(200, "DELETE", subscribers+"/"+here, "")
	if diff := cmp.Diff([]string{page}, d.listed("?state=all&q=a@example.com")); diff != "" {
		t.Errorf("after it was deleted (-want +got):\n%s", diff)
	}
}

func TestAnAddressThatBouncedIsRefused(t *testing.T) {
	d := newDesk(t)
	for email, reason := range map[string]status.QuarantineReason{"a@example.com": status.Bounced, "b@example.com": status.Complained} {
		if err := d.audience.Suppress(t.Context(), pageID, "nobody", email, reason); err != nil {
			t.Fatal(err)
		}
		got := problem(t, d.must(422, "POST", subscribers, `{"subscriber":{"email":"`+email+`",`+skip+`}}`))
		if !strings.HasPrefix(got, "subscriber.email can't be subscribed: ") {
			t.Errorf("got %q", got)
		}
	}
}

func TestChangesOfSubscribersHaveAnAuthorAndChangeNothingPublic(t *testing.T) {
	d := newDesk(t)
	d.unchanged(func() {
		id := d.subscriber("a@example.com", skip)
		d.must(200, "PATCH", subscribers+"/"+id, `{"kinds":["incidents"]}`)
		d.must(200, "PATCH", subscribers+"/"+id, `{"kinds":["incidents"]}`) // changes nothing
		d.must(200, "DELETE", subscribers+"/"+id, "")
		var got []store.AuditAction
		for _, a := range d.audits() {
			if a.Actor != (status.Actor{Kind: status.ActorKey, Name: "operator"}) || a.Subscriber != id {
				t.Errorf("got %+v, want the operator and %s", a, id)
			}
			got = append(got, a.Action)
		}
		want := []store.AuditAction{store.SubscriberUnsubscribed, store.SubscriberUpdated, store.SubscriberCreated}
		slices.Sort(got) // all are of one moment here
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	if strings.Contains(d.log.String(), "example.com") {
		t.Errorf("the log holds an address: %s", d.log)
	}
}

func TestTheSameRequestAboutSubscribersAgainHasOneEffect(t *testing.T) {
	d, names := furnished(t)
	hook := d.must(201, "POST", subscribers, `{"subscriber":{"endpoint":"https://example.com/hook"}}`).id()
	d.clock.advance(24 * time.Hour)
	for _, r := range []struct {
		code               int
		method, path, body string
	}{
		{201, "POST", subscribers, `{"subscriber":{"email":"new@example.com"}}`},
		{201, "POST", base + "/incidents/INCIDENT/subscribers", `{"subscriber":{"email":"new@example.com"}}`},
		{200, "PATCH", subscribers + "/SUBSCRIBER", `{"component_ids":["COMPONENT"]}`},
		{201, "POST", subscribers + "/" + hook + "/rotate_secret", ``},
		{201, "POST", subscribers + "/SUBSCRIBER/resend_confirmation", ``},
		{201, "POST", subscribers + "/unsubscribe", `{"subscribers":["SUBSCRIBER"],"state":"all"}`},
		{200, "DELETE", subscribers + "/" + hook, ``},
	} {
		header := "Idempotency-Key: " + r.method + " " + r.path
		path, body := names.Replace(r.path), names.Replace(r.body)
		first := d.must(r.code, r.method, path, body, header)
		count := len(d.audits())
		d.clock.advance(time.Minute)
		second := d.must(r.code, r.method, path, body, header)
		if second.Body != first.Body || second.Header.Get("Idempotency-Replayed") != "true" || len(d.audits()) != count {
			t.Errorf("%s %s: got %s, %d effects more, want %s again", r.method, r.path, second.Body, len(d.audits())-count, first.Body)
		}
		if got := problem(t, d.must(422, "POST", subscribers, `{"subscriber":{"email":"z@example.com"}}`, header)); !strings.Contains(got, "used for another request") {
			t.Errorf("%s %s: another request: got %q", r.method, r.path, got)
		}
	}
}

func TestOfTwoSameRequestsAtOnceBothGetOneAnswer(t *testing.T) {
	d := newDesk(t)
	answers := make(chan answer)
	for range 6 {
		go func() {
			r := request(t.Context(), http.MethodPost, subscribers, `{"subscriber":{"email":"a@example.com"}}`, again)
			answers <- d.serve(r)
		}()
	}
	bodies := map[string]bool{}
	for range 6 {
		a := <-answers
		if a.Code != 201 || !json.Valid([]byte(a.Body)) {
			t.Errorf("got %d %s", a.Code, a.Body)
		}
		bodies[a.Body] = true
	}
	if len(bodies) != 1 || len(d.mails()) != 1 {
		t.Errorf("got %d answers and %d mails, want one", len(bodies), len(d.mails()))
	}
}
