package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const isForm = "Content-Type: application/x-www-form-urlencoded"

// refusals are requests that must be refused with a status and a sentence that says why, and
// must leave the page as it is.
func refusals() map[string][]refusal {
	long := strings.Repeat("é", 256)
	return map[string][]refusal{
		"POST " + base + "/incidents": {
			{422, ``, "incident is missing"},
			{422, `{}`, "incident is missing"},
			{422, `{"incident":null}`, "incident is missing"},
			{422, `{"name":"x"}`, "incident is missing"},
			{422, `{"incident":"x"}`, "incident must be an object"},
			{422, `{"incident":[]}`, "incident must be an object"},
			{400, `{"incident":`, "not valid JSON"},
			{400, `{"incident":{"name":"a` + "\n" + `b"}}`, "not valid JSON"},
			{400, `{"incident":{"name":"x"}} x`, "goes on"},
			{400, `{"incident":{"name":"x"}}{}`, "goes on"},
			{400, `{"incident":{"name":"` + "\xff" + `"}}`, "UTF-8"},
			{400, `{"incident":{"name":"` + "\x00" + `"}}`, "not valid JSON"},
			{400, `{"incident":{"metadata":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40) + `}}`, "nested too deeply"},
			{400, strings.Repeat("[", 100000), "nested too deeply"},
			{413, `{"incident":{"name":"` + strings.Repeat("x", 1<<20) + `"}}`, "larger than 1 MB"},
			{422, `{"incident":{}}`, "incident.name can't be blank"},
			{422, `{"incident":{"name":null}}`, "incident.name can't be blank"},
			{422, `{"incident":{"name":" \t"}}`, "incident.name can't be blank"},
			{422, `{"incident":{"name":5}}`, "incident.name must be a string"},
			{422, `{"incident":{"name":{}}}`, "incident.name must be a string"},
			{422, `{"incident":{"name":["x"]}}`, "incident.name must be a string"},
			{422, `{"incident":{"name":"` + long + `"}}`, "incident.name is too long"},
			{422, `{"incident":{"name":"a\r\nb"}}`, "incident.name can't contain line breaks"},
			{422, `{"incident":{"name":"a\u0000b"}}`, "incident.name can't contain a NUL"},
			{422, `{"incident":{"name":"x","body":"a\u0000b"}}`, "incident.body can't contain a NUL"},
			{422, `{"incident":{"name":"x","metadata":{"a":{"b":["\u0000"]}}}}`, "incident.metadata can't contain a NUL"},
			{422, `{"incident":{"name":"x","components":{"\u0000":"major_outage"}}}`, "incident.components can't contain a NUL"},
			{422, `{"incident":{"name":"x"},"other\u0000":1}`, "can't contain a NUL"},
			{422, `{"incident":{"name":"x"},"other":"\u0000"}`, "other can't contain a NUL"},
			{422, `{"incident":{"name":"x","body":7}}`, "incident.body must be a string"},
			{422, `{"incident":{"name":"x","message":[]}}`, "incident.message must be a string"},
			{422, `{"incident":{"name":"x","body":"` + strings.Repeat("b", 25001) + `"}}`, "incident.body is too long"},
			{422, `{"incident":{"name":"x","status":"fine"}}`, "incident.status is not a known status"},
			{422, `{"incident":{"name":"x","status":1}}`, "incident.status must be a string"},
			{422, `{"incident":{"name":"x","status":"postmortem"}}`, "incident.status can't be set to postmortem"},
			{422, `{"incident":{"name":"x","status":"scheduled"}}`, "incident.scheduled_for can't be blank"},
			{422, `{"incident":{"name":"x","status":"in_progress"}}`, "incident.scheduled_for can't be blank"},
			{422, `{"incident":{"name":"x","scheduled_for":"2026-04-01T00:00:00Z"}}`, "incident.scheduled_until can't be blank"},
			{422, `{"incident":{"name":"x","scheduled_for":"2026-04-01T00:00:00Z","scheduled_until":"2026-04-01T00:00:00Z"}}`, "incident.scheduled_until must be after"},
			{422, `{"incident":{"name":"x","status":"resolved","scheduled_for":"2026-04-01T00:00:00Z","scheduled_until":"2026-04-02T00:00:00Z"}}`, "incident.status of a scheduled maintenance"},
			{422, `{"incident":{"name":"x","scheduled_for":"tomorrow"}}`, "incident.scheduled_for must be a time"},
			{422, `{"incident":{"name":"x","scheduled_for":"2026-04-01T00:00:00"}}`, "incident.scheduled_for must be a time with its offset"},
			{422, `{"incident":{"name":"x","scheduled_for":"2026-02-30T00:00:00Z"}}`, "incident.scheduled_for must be a time"},
			{422, `{"incident":{"name":"x","scheduled_for":"2026-04-01 10:00:00 CET"}}`, "incident.scheduled_for must be a time"},
			{422, `{"incident":{"name":"x","scheduled_for":"9999-12-31T23:59:59-23:59"}}`, "incident.scheduled_for must be between"},
			{422, `{"incident":{"name":"x","scheduled_for":"0000-01-01T00:00:00+23:59"}}`, "incident.scheduled_for must be between"},
			{422, `{"incident":{"name":"x","scheduled_until":1775000000}}`, "incident.scheduled_until must be a string"},
			{422, `{"incident":{"name":"x","scheduled_until":"2026-04-01T00:00:00Z"}}`, "incident.scheduled_for can't be given for a realtime"},
			{422, `{"incident":{"name":"x","impact_override":"huge"}}`, "incident.impact_override must be one of"},
			{422, `{"incident":{"name":"x","components":"COMPONENT"}}`, "incident.components must be a list"},
			{422, `{"incident":{"name":"x","components":{"nosuch":"operational"}}}`, "incident.components names an unknown component"},
			{422, `{"incident":{"name":"x","components":{"COMPONENT":"broken"}}}`, "incident.components gives component COMPONENT an unknown status"},
			{422, `{"incident":{"name":"x","components":{"COMPONENT":1}}}`, "incident.components must map ids"},
			{422, `{"incident":{"name":"x","components":{"GROUP":"operational"}}}`, "incident.components names an unknown component"},
			{422, `{"incident":{"name":"x","components":["nosuch"]}}`, "incident.component_ids names an unknown component"},
			{422, `{"incident":{"name":"x","components":[5]}}`, "incident.components must be a list of ids"},
			{422, `{"incident":{"name":"x","component_ids":["nosuch"]}}`, "incident.component_ids names an unknown component"},
			{422, `{"incident":{"name":"x","component_ids":"COMPONENT"}}`, "incident.component_ids must be a list"},
			{422, `{"incident":{"name":"x","component_ids":[{"name":"x"}]}}`, "incident.component_ids must be a list of ids"},
			{422, `{"incident":{"name":"x","component_ids":true}}`, "incident.component_ids must be a list of ids"},
			{422, `{"incident":{"name":"x","deliver_notifications":"maybe"}}`, "incident.deliver_notifications must be true or false"},
			{422, `{"incident":{"name":"x","deliver_notifications":2}}`, "incident.deliver_notifications must be true or false"},
			{422, `{"incident":{"name":"x","scheduled_remind_prior":[]}}`, "incident.scheduled_remind_prior must be true or false"},
			{422, `{"incident":{"name":"x","metadata":"x"}}`, "incident.metadata must be an object of objects"},
			{422, `{"incident":{"name":"x","metadata":{"a":1}}}`, "incident.metadata must be an object of objects"},
			{422, `{"incident":{"name":"x","metadata":{"a":null}}}`, "incident.metadata must be an object of objects"},
			{422, `{"incident":{"name":"x","metadata":{"a":{"b":1e999999}}}}`, "incident.metadata must be"},
			{422, `{"incident":{"name":"x","metadata":{"a":{"b":"` + strings.Repeat("m", 25001) + `"}}}}`, "incident.metadata is too long"},
			{422, `{"incident":{"name":"x","reminder_intervals":"often"}}`, "incident.reminder_intervals must be hours"},
			{422, `{"incident":{"name":"x","reminder_intervals":["3"]}}`, "incident.reminder_intervals must be hours"},
			{422, `{"incident":{"name":"x","reminder_intervals":-1}}`, "incident.reminder_intervals must be hours"},
			{422, `{"incident":{"name":"x","backfilled":true,"components":{"COMPONENT":"major_outage"}}}`, "incident.components can't be given for a backfilled"},
			{422, `{"incident":{"name":"x","backfilled":true,"component_ids":["COMPONENT"]}}`, "incident.component_ids can't be given for a backfilled"},
			{422, `{"incident":{"name":"x","backfilled":true,"status":"monitoring"}}`, "incident.status of a backfilled"},
			{422, `{"incident":{"name":"x","backfilled":true,"backfill_date":"2099-01-01"}}`, "incident.backfill_date can't be in the future"},
			{422, `{"incident":{"name":"x","backfilled":true,"backfill_date":"1492-10-12"}}`, "incident.backfill_date must be between"},
			{422, `{"incident":{"name":"x","backfill_date":"2026-01-01"}}`, "incident.backfill_date needs backfilled"},
		},
		"PATCH " + base + "/incidents/INCIDENT": {
			{422, `{}`, "incident is missing"},
			{400, `[]`, "must be a JSON object"},
			{422, `{"incident":{"name":""}}`, "incident.name can't be blank"},
			{422, `{"incident":{"status":"completed"}}`, "incident.status of a realtime incident"},
			{422, `{"incident":{"scheduled_for":"2026-04-01T00:00:00Z"}}`, "incident.scheduled_for can't be given for a realtime"},
			{422, `{"incident":{"components":{"nosuch":"major_outage"}}}`, "incident.components names an unknown component"},
			{422, `{"incident":{"status":"resolved","components":{"COMPONENT":"nonsense"}}}`, "incident.components gives"},
			{422, `{"incident":{"backfilled":true}}`, "incident.backfilled can't be changed"},
			{422, `{"incident":{"backfill_date":"2026-01-01"}}`, "incident.backfill_date can't be changed"},
		},
		"PATCH " + base + "/incidents/DONE": {
			{422, `{"incident":{"status":"in_progress"}}`, "incident.status can't change after the maintenance was completed"},
			{422, `{"incident":{"body":"more"}}`, "incident.status can't change after the maintenance was completed"},
			{422, `{"incident":{"status":"investigating"}}`, "incident.status of a scheduled maintenance"},
			{422, `{"incident":{"scheduled_until":"2020-01-01T00:00:00Z"}}`, "incident.scheduled_until must be after"},
		},
		"PATCH " + base + "/incidents/INCIDENT/incident_updates/UPDATE": {
			{422, `{"incident":{"body":"x"}}`, "incident_update is missing"},
			{422, `{"incident_update":{"body":""}}`, "incident_update.body can't be blank"},
			{422, `{"incident_update":{"body":3}}`, "incident_update.body must be a string"},
			{422, `{"incident_update":{"display_at":"2099-01-01T00:00:00Z"}}`, "incident_update.display_at can't be in the future"},
			{422, `{"incident_update":{"display_at":"noon"}}`, "incident_update.display_at must be a time"},
			{422, `{"incident_update":{"deliver_notifications":"x"}}`, "incident_update.deliver_notifications must be"},
		},
		"POST " + base + "/components": {
			{422, `{}`, "component is missing"},
			{422, `{"component":{}}`, "component.name can't be blank"},
			{422, `{"component":{"name":null}}`, "component.name can't be blank"},
			{422, `{"component":{"name":""}}`, "component.name can't be blank"},
			{422, `{"component":{"name":"a\nb"}}`, "component.name can't contain line breaks"},
			{422, `{"component":{"name":"x","status":"up"}}`, "component.status must be one of operational"},
			{422, `{"component":{"name":"x","group_id":"nosuch"}}`, "component.group_id names an unknown"},
			{422, `{"component":{"name":"x","group_id":"COMPONENT"}}`, "component.group_id names an unknown"},
			{422, `{"component":{"name":"x","showcase":"perhaps"}}`, "component.showcase must be true or false"},
			{422, `{"component":{"name":"x","description":{}}}`, "component.description must be a string"},
			{422, `{"component":{"name":"x","description":"` + strings.Repeat("d", 10001) + `"}}`, "component.description is too long"},
			{422, `{"component":{"name":"x","start_date":"01/02/2026"}}`, "component.start_date must be a date"},
			{422, `{"component":{"name":"x","start_date":"2026-02-30"}}`, "component.start_date must be a date"},
		},
		"PATCH " + base + "/components/COMPONENT": {
			{422, `{"component":{"name":""}}`, "component.name can't be blank"},
			{422, `{"component":{"status":5}}`, "component.status must be a string"},
			{422, `{"component":{"group_id":"nosuch"}}`, "component.group_id names an unknown"},
			{422, `{"component":{"status":"major_outage","name":"\u0000"}}`, "component.name can't contain a NUL"},
		},
		"POST " + base + "/component-groups": {
			{422, `{}`, "component_group is missing"},
			{422, `{"component_group":{"components":["COMPONENT"]}}`, "component_group.name can't be blank"},
			{422, `{"component_group":{"name":"G"}}`, "component_group.components can't be empty"},
			{422, `{"component_group":{"name":"G","components":[]}}`, "component_group.components can't be empty"},
			{422, `{"component_group":{"name":"G","components":""}}`, "component_group.components can't be empty"},
			{422, `{"component_group":{"name":"G","components":["nosuch"]}}`, "component_group.components names an unknown"},
			{422, `{"component_group":{"name":"G","components":["GROUP"]}}`, "component_group.components names an unknown"},
			{422, `{"component_group":{"name":"G","components":"COMPONENT"}}`, "component_group.components must be a list"},
			{422, `{"component_group":{"name":"G","components":["COMPONENT"]},"description":5}`, "component_group.description must be a string"},
		},
		"PATCH " + base + "/component-groups/GROUP": {
			{422, `{"component_group":{"components":[]}}`, "component_group.components can't be empty"},
			{422, `{"component_group":{"name":" "}}`, "component_group.name can't be blank"},
			{422, `{"component_group":{"components":{"COMPONENT":"x"}}}`, "component_group.components must be a list"},
		},
		"POST " + base + "/subscribers": {
			{422, `{}`, "subscriber.email can't be blank"},
			{422, `{"subscriber":"x"}`, "subscriber must be an object"},
			{422, `{"subscriber":{}}`, "subscriber.email can't be blank"},
			{422, `{"subscriber":{"email":""}}`, "subscriber.email can't be blank"},
			{422, `{"subscriber":{"email":7}}`, "subscriber.email must be a string"},
			{422, `{"subscriber":{"email":"nobody"}}`, "subscriber.email must have an @"},
			{422, `{"subscriber":{"email":"a@b.example\r\nBcc: c@d.example"}}`, "subscriber.email can't contain line breaks"},
			{422, `{"subscriber":{"email":"\"a b\"@b.example"}}`, "subscriber.email has a quoted part"},
			{422, `{"subscriber":{"email":"` + strings.Repeat("l", 300) + `@b.example"}}`, "subscriber.email is too long before the @"},
			{422, `{"subscriber":{"email":"a\u0000@b.example"}}`, "subscriber.email can't contain a NUL"},
			{422, `{"subscriber":{"email":"A@example.com"}}`, "subscriber.email is subscribed already, as SUBSCRIBER"},
			{422, `{"subscriber":{"phone_number":"202-555-0105","phone_country":"US"}}`, "subscriber.phone_number can't be given"},
			{422, `{"subscriber":{"email":"b@example.com","phone_country":"US"}}`, "subscriber.phone_country can't be given"},
			{422, `{"subscriber":{"endpoint":"http://example.com"}}`, "subscriber.endpoint must use https"},
			{422, `{"subscriber":{"endpoint":"https://127.0.0.1/"}}`, "subscriber.endpoint must be at a public address"},
			{422, `{"subscriber":{"endpoint":"https://2130706433/"}}`, "subscriber.endpoint must not write an IPv4 address"},
			{422, `{"subscriber":{"endpoint":"https://example.com/hook","email":"x"}}`, "subscriber.email must have an @"},
			{422, `{"subscriber":{"endpoint":"https://example.com/hook","mode":"email"}}`, "subscriber.email can't be blank"},
			{422, `{"subscriber":{"email":"b@example.com","mode":"slack"}}`, "subscriber.endpoint can't be blank"},
			{422, `{"subscriber":{"email":"b@example.com","mode":"sms"}}`, "subscriber.mode must be one of email, webhook"},
			{422, `{"subscriber":{"email":"b@example.com","component_ids":[]}}`, "subscriber.component_ids can't be empty"},
			{422, `{"subscriber":{"email":"b@example.com","component_ids":["nosuch"]}}`, "subscriber.component_ids names an unknown component"},
			{422, `{"subscriber":{"email":"b@example.com","component_ids":"COMPONENT"}}`, "subscriber.component_ids must be a list"},
			{422, `{"subscriber":{"email":"b@example.com","skip_confirmation_notification":"perhaps"}}`, "subscriber.skip_confirmation_notification must be true or false"},
			{422, `{"subscriber":{"email":"b@example.com","page_access_user":{}}}`, "subscriber.page_access_user must be a string"},
			{422, `{"subscriber":{"email":"b@example.com","kinds":["gossip"]}}`, "subscriber.kinds must be one of incidents"},
			{422, `{"subscriber":{"email":"b@example.com","kinds":["components"]}}`, "subscriber.kinds can have components for webhooks only"},
		},
		"POST " + base + "/incidents/INCIDENT/subscribers": {
			{422, `{"subscriber":{"email":"a@example.com"}}`, "subscriber.email is subscribed already, as FOLLOWER"},
			{422, `{"subscriber":{"email":"b@example.com","component_ids":["COMPONENT"]}}`, "subscriber.component_ids can't be given"},
			{422, `{"phone_number":"1"}`, "subscriber.phone_number can't be given"},
		},
		"PATCH " + base + "/subscribers/SUBSCRIBER": {
			{422, `{"component_ids":[]}`, "subscriber.component_ids can't be empty"},
			{422, `{"component_ids":["nosuch"]}`, "subscriber.component_ids names an unknown"},
			{422, `{"subscriber":{"component_ids":7}}`, "subscriber.component_ids must be a list"},
		},
		"PATCH " + base + "/subscribers/FOLLOWER":                {{422, `{"component_ids":["COMPONENT"]}`, "subscriber.component_ids can't be given"}},
		"POST " + base + "/subscribers/SUBSCRIBER/rotate_secret": {{422, ``, "subscriber has no signing secret"}},
		"POST " + base + "/subscribers/resend_confirmation": {
			{422, ``, "subscribers can't be blank"},
			{422, `{"subscribers":[]}`, "subscribers can't be blank"},
			{422, `{"subscribers":7}`, "subscribers must be a list"},
			{422, `{"subscribers":"all","type":"pigeon"}`, "type must be one of email"},
		},
		"POST " + base + "/subscribers/unsubscribe": {
			{422, `{"subscribers":"all","state":"unsubscribed"}`, "state must be one of active"},
			{422, `{"subscribers":"all","skip_unsubscription_notification":"x"}`, "skip_unsubscription_notification must be true or false"},
			{422, `{"subscribers":"` + strings.Repeat("a,", 101) + `"}`, "subscribers can't be more than 100"},
		},
		"PATCH " + base: {
			{422, `{}`, "page is missing"},
			{422, `{"page":{"name":""}}`, "page.name can't be blank"},
			{422, `{"page":{"name":"a\rb"}}`, "page.name can't contain line breaks"},
			{422, `{"page":{"time_zone":"Mars/Olympus"}}`, "page.time_zone is not a known"},
			{422, `{"page":{"time_zone":"../../etc/passwd"}}`, "page.time_zone is not a known"},
			{422, `{"page":{"time_zone":"Local"}}`, "page.time_zone must be an IANA time zone"},
			{422, `{"page":{"time_zone":""}}`, "page.time_zone can't be blank"},
			{422, `{"page":{"branding":"golden"}}`, "page.branding must be one of"},
			{422, `{"page":{"url":"javascript:alert(1)"}}`, "page.url must be an address"},
			{422, `{"page":{"url":"https://"}}`, "page.url must be an address"},
			{422, `{"page":{"url":"//example.com"}}`, "page.url must be an address"},
			{422, `{"page":{"support_url":"data:text/html,x"}}`, "page.support_url must be an address"},
			{422, `{"page":{"support_url":"mailto:nobody"}}`, "page.support_url must be an address"},
			{422, `{"page":{"email_logo":"http://example.com/logo.png"}}`, "page.email_logo must be the https address"},
			{422, `{"page":{"email_logo":"https://example.com/logo.svg"}}`, "page.email_logo must be a PNG"},
			{422, `{"page":{"url":"https://example.com/\" onclick=\"x"}}`, "page.url must be an address"},
			{422, `{"page":{"url":"https://example.com/'x"}}`, "page.url must be an address"},
			{422, `{"page":{"domain":"a..b"}}`, "page.domain must be a host name"},
			{422, `{"page":{"domain":"https://x"}}`, "page.domain must be a host name"},
			{422, `{"page":{"notifications_from_email":"a@b\r\nBcc: c@d"}}`, "page.notifications_from_email must be a mail address"},
			{422, `{"page":{"notifications_from_email":"A <a@b.example>"}}`, "page.notifications_from_email must be a mail address"},
			{422, `{"page":{"css_reds":"red;}body{display:none"}}`, "page.css_reds must be a CSS colour"},
			{422, `{"page":{"css_reds":"url(https://example.com)"}}`, "page.css_reds must be a CSS colour"},
			{422, `{"page":{"css_reds":"#12"}}`, "page.css_reds must be a CSS colour"},
			{422, `{"page":{"css_reds":"</style>"}}`, "page.css_reds must be a CSS colour"},
			{422, `{"page":{"ip_restrictions":"everywhere"}}`, "page.ip_restrictions must be addresses"},
			{422, `{"page":{"hidden_from_search":"hm"}}`, "page.hidden_from_search must be true or false"},
			{422, `{"page":{"headline":[]}}`, "page.headline must be a string"},
		},
	}
}

type refusal struct {
	code int
	body string
	says string
}

func TestBadInputIsRefusedByNameAndChangesNothing(t *testing.T) {
	d, names := furnished(t)
	done := d.incident(`"name":"Done","status":"completed","scheduled_for":"2026-03-01T00:00:00Z","scheduled_until":"2026-03-01T01:00:00Z"`)["id"].(string)
	for route, list := range refusals() {
		method, path, _ := strings.Cut(route, " ")
		path = strings.Replace(names.Replace(path), "DONE", done, 1)
		for _, r := range list {
			d.unchanged(func() {
				a := d.do(method, path, names.Replace(r.body))
				if a.Code != r.code {
					t.Errorf("%s %.200s: got %d %.300s, want %d", route, r.body, a.Code, a.Body, r.code)
				}
				if got := problem(t, a); !strings.Contains(got, names.Replace(r.says)) {
					t.Errorf("%s %.200s: got %q, want it to say %q", route, r.body, got, r.says)
				}
			})
		}
	}
	if d.log.Len() > 0 {
		t.Errorf("refusals are logged as failures: %s", d.log)
	}
}

func TestBadFormsAndTypesOfContentAreRefused(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		contentType, body string
		code              int
		says              string
	}{
		{"application/x-www-form-urlencoded", "incident[name]=%zz", 400, "not a valid form"},
		{"application/x-www-form-urlencoded", "incident[name]=%ff", 400, "UTF-8"},
		{"application/x-www-form-urlencoded", "incident[name]=a%00b", 422, "incident.name can't contain a NUL"},
		{"application/x-www-form-urlencoded", "incident%00=x", 422, "can't contain a NUL"},
		{"application/x-www-form-urlencoded", "incident[name]=a%0d%0ab", 422, "incident.name can't contain line breaks"},
		{"application/x-www-form-urlencoded", "incident=x", 422, "incident must be an object"},
		{"application/x-www-form-urlencoded", "incident[name]=x&incident=y", 400, "two shapes"},
		{"application/x-www-form-urlencoded", "incident[name]=x&incident[name][]=y", 400, "two shapes"},
		{"application/x-www-form-urlencoded", "incident[]=x", 422, "incident must be an object"},
		{"application/x-www-form-urlencoded", "a" + strings.Repeat("[b]", 40) + "=x", 400, "nested too deeply"},
		{"application/x-www-form-urlencoded", "incident[name", 422, "incident is missing"},
		{"application/json", "incident[name]=x", 400, "not valid JSON"},
		{"application/json", "null", 400, "must be a JSON object"},
		{"application/json", `"incident"`, 400, "must be a JSON object"},
		{"application/vnd.api+json", "[]", 400, "must be a JSON object"},
		{"application/xml", "<incident/>", 400, "its Content-Type is neither"},
		{"a/b/c;", "incident[name]=x", 400, "Content-Type cannot be read"},
		{"multipart/form-data", "x", 400, "no boundary"},
		{"multipart/form-data; boundary=b", "--b\r\ncut off", 400, "not a valid multipart form"},
		{"multipart/form-data; boundary=b", "--b--\r\n", 422, "incident is missing"},
	} {
		d.unchanged(func() {
			a := d.do("POST", base+"/incidents", c.body, "Content-Type: "+c.contentType)
			if got := problem(t, a); a.Code != c.code || !strings.Contains(got, c.says) {
				t.Errorf("%s %q: got %d %q, want %d and %q", c.contentType, c.body, a.Code, got, c.code, c.says)
			}
		})
	}
}

func TestAnInlinedLongTextIsNotSentBackWhole(t *testing.T) {
	d := newDesk(t)
	a := d.must(422, "POST", base+"/incidents", fmt.Sprintf(`{"incident":{"name":"x","status":%q}}`, strings.Repeat("s", 500_000)))
	if len(a.Body) > 5000 {
		t.Errorf("got an answer of %d bytes", len(a.Body))
	}
}

func TestABodyOfExactlyOneMegabyteIsRead(t *testing.T) {
	d := newDesk(t)
	body := `{"incident":{"name":"x"},"padding":"`
	body += strings.Repeat("p", 1<<20-len(body)-2) + `"}`
	d.must(201, "POST", base+"/incidents", body)
	d.must(413, "POST", base+"/incidents", body+" ")
}

func TestMarkupInNamesAndBodiesIsTextLikeAnyOther(t *testing.T) {
	d := newDesk(t)
	const text = `<script>alert("x")</script> & 'y'`
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	i := d.incident(fmt.Sprintf(`"name":%s,"body":%s`, quoted, quoted))
	update := i["incident_updates"].([]any)[0].(map[string]any)
	if i["name"] != text || update["body"] != text {
		t.Errorf("got %q and %q, want %q", i["name"], update["body"], text)
	}
}

func TestQueriesAreChecked(t *testing.T) {
	d, names := furnished(t)
	for query, says := range map[string]string{
		base + "/incidents?page=x":                                            "page must be a whole number",
		base + "/incidents?page=-1":                                           "page must be a whole number",
		base + "/incidents?page=1.5":                                          "page must be a whole number",
		base + "/incidents?page=%00":                                          "page must be a whole number",
		base + "/incidents?limit=all":                                         "limit must be a whole number",
		base + "/incidents?limit=0":                                           "limit must be at least 1",
		base + "/incidents?q=%00":                                             "q can't contain a NUL",
		base + "/incidents?q=%ff":                                             "q must be valid UTF-8",
		base + "/incidents?q=" + strings.Repeat("x", 300):                     "q is too long",
		base + "/incidents/unresolved?per_page=0":                             "per_page must be at least 1",
		base + "/components?per_page=many":                                    "per_page must be a whole number",
		base + "/component-groups?page=one":                                   "page must be a whole number",
		base + "/subscribers?page=-1":                                         "page must be a whole number",
		base + "/subscribers?limit=0":                                         "limit must be at least 1",
		base + "/subscribers?type=pigeon":                                     "type must be one of email",
		base + "/subscribers?state=unsubscribed":                              "state must be one of active",
		base + "/subscribers?sort_field=email":                                "sort_field must be one of primary",
		base + "/subscribers?sort_field=relevance":                            "sort_field can't be relevance without q",
		base + "/subscribers?sort_direction=up":                               "sort_direction must be one of asc",
		base + "/subscribers?q=%ff":                                           "q must be valid UTF-8",
		base + "/subscribers/count?state=gone":                                "state must be one of active",
		base + "/subscribers/unsubscribed?per_page=0":                         "per_page must be at least 1",
		"/v1/pages?page=x":                                                    "page must be a whole number",
		base + "/components/COMPONENT/uptime?start=yesterday":                 "start must be a date",
		base + "/components/COMPONENT/uptime?end=2026-13-01":                  "end must be a date",
		base + "/components/COMPONENT/uptime?start=2026-03-09&end=2026-03-01": "start must not be after end",
		base + "/components/COMPONENT/uptime?start=2030-01-01":                "start must not be after end or in the future",
		base + "/components/COMPONENT/uptime?start=2020-01-01":                "start must be at most 366 days before end",
		base + "/components/COMPONENT/uptime?start=0000-01-01":                "start must be a date",
		base + "/component-groups/GROUP/uptime?start=%00":                     "start must be a date",
	} {
		a := d.do("GET", names.Replace(query), "")
		if got := problem(t, a); a.Code != 422 || !strings.Contains(got, says) {
			t.Errorf("%s: got %d %q, want 422 and %q", query, a.Code, got, says)
		}
	}
	for _, query := range []string{"?page=0", "?page=99999999999999999999999", "?page=&limit=", "?limit=100000", "?%zz", "?q=%zz"} {
		d.must(200, "GET", base+"/incidents"+query, "")
	}
}
