package api

import (
	"crypto/rand"
	"errors"
	"slices"

	"allclear/internal/address"
	"allclear/internal/status"
	"allclear/internal/webhook"
)

// subscriberFields is the object "subscriber" of the body, or the body itself: Statuspage's
// description wraps some requests and leaves others plain, and its clients mix them up.
func (c *call) subscriberFields() *fields {
	if c.body["subscriber"] != nil {
		return c.object("subscriber")
	}
	return &fields{name: "subscriber", m: c.body}
}

// inSubscriber tells which member of the request a rule of the domain is about.
func inSubscriber(err error) error {
	if known := (*status.Error)(nil); errors.As(err, &known) && known.Code == status.Invalid && known.Field != "subscriber" {
		return status.Invalidf("subscriber."+known.Field, "%s", known.Message)
	}
	return err
}

// readSubscriber reads what a new subscriber is to be, and whether the operator states that its
// owner wants it: by skip_confirmation_notification for mail, and for endpoints by naming one,
// since nothing there could read a confirmation.
func (c *call) readSubscriber(f *fields, cfg *status.Configuration, incident string) (want status.Subscriber, confirmed bool, err error) {
	for _, name := range []string{"phone_number", "phone_country"} {
		if f.given(name) != nil {
			f.fail(name, "can't be given: subscribers by text message are not possible here")
		}
	}
	email, endpoint := f.given("email"), f.given("endpoint")
	mode := f.given("mode")
	skip := f.flag("skip_confirmation_notification")
	f.given("page_access_user") // of pages for chosen readers, which there are none of
	want = status.Subscriber{Incident: incident, Origin: status.FromOperator}
	want.Components = f.chosen(cfg)
	if kinds := f.kinds(); kinds != nil {
		want.Kinds = *kinds
	}
	if email != nil {
		parsed, err := address.Parse(*email)
		f.check(inSubscriber(err))
		want.Email = parsed.String()
	}
	want.Mode = status.ModeEmail
	if endpoint != nil {
		parsed, err := c.endpoints.ParseEndpoint(f.path("endpoint"), *endpoint)
		f.check(err)
		want.Endpoint, want.Mode = parsed.URL(), status.Mode(webhook.KindOf(parsed))
	}
	if mode != nil {
		shown := want.Mode
		want.Mode = status.Mode(*mode)
		switch {
		case !want.Mode.Valid():
			f.fail("mode", "%s", choices(status.Modes()))
		case want.Mode == status.ModeWebhook && webhook.Kind(shown).Chat():
			f.fail("mode", "can't be webhook: the endpoint is an address of %s, which takes no webhooks but messages of its own", shown)
		}
	}
	if email == nil && endpoint == nil {
		f.fail("email", "can't be blank: give email, or endpoint for a webhook")
	}
	want.Quiet = skip != nil && *skip
	if want.Mode == status.ModeWebhook && f.err == nil {
		secret, err := webhook.NewSecret(rand.Reader)
		if err != nil {
			return want, false, err
		}
		want.Secrets = []status.Secret{{Text: secret.Text(), CreatedAt: c.audience.Now()}}
	}
	return want, want.Quiet || want.Mode != status.ModeEmail, f.err
}

// chosen reads component_ids: components and groups that there are, nil for the whole page.
func (f *fields) chosen(cfg *status.Configuration) []string {
	ids := f.list("component_ids")
	if ids == nil {
		return nil
	}
	if len(*ids) == 0 {
		f.fail("component_ids", "can't be empty: leave it out to subscribe to the whole page")
	}
	for _, id := range *ids {
		_, component := cfg.Components[id]
		_, group := cfg.Groups[id]
		if !component && !group {
			f.fail("component_ids", "names an unknown component: %q", status.Cut(id, 100))
			break
		}
	}
	return *ids
}

// kinds reads what a subscriber hears of, our own member; nil when it is not mentioned.
func (f *fields) kinds() *[]status.NoticeKind {
	words := f.list("kinds")
	if words == nil {
		return nil
	}
	kinds := make([]status.NoticeKind, len(*words))
	for i, w := range *words {
		if kinds[i] = status.NoticeKind(w); !slices.Contains(status.NoticeKinds(), kinds[i]) {
			f.fail("kinds", "%s", choices(status.NoticeKinds()))
		}
	}
	return &kinds
}

// truth reads a flag of the query.
func (c *call) truth(name string) (bool, error) {
	f := &fields{m: map[string]any{name: c.r.URL.Query().Get(name)}}
	yes := f.flag(name)
	return yes != nil && *yes, f.err
}
