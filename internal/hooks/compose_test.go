package hooks_test

import (
	"crypto/rand"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
)

func secret(t *testing.T) string {
	t.Helper()
	s, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s.Text()
}

func TestWhileSecretsRotateBothVerifyAndAThirdDoesNot(t *testing.T) {
	d := newDesk(t)
	older, newer := secret(t), secret(t)
	s := d.subscribes("/hook", func(s *status.Subscriber) { s.Secrets = []status.Secret{{Text: older, CreatedAt: begin}} })
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(500)
	d.handles(chunk(incident, seq, s.ID))
	_, _, err := d.audience.UpdateSubscriber(t.Context(), page, s.ID, store.Beside{}, func(s *status.Subscriber) error { return s.Rotate(newer, d.now) })
	d.must(err)
	d.answer = nil
	d.until(d.now.Add(time.Minute))
	d.receives(2)
	for name, c := range map[string]struct {
		secret string
		valid  [2]bool // of the attempt before and after the rotation
	}{
		"older": {older, [2]bool{true, true}}, "newer": {newer, [2]bool{false, true}}, "another": {secret(t), [2]bool{}},
	} {
		verifier, err := standardwebhooks.NewWebhook(c.secret)
		d.must(err)
		for n, want := range c.valid {
			err := verifier.VerifyIgnoringTimestamp([]byte(d.got[n].body), d.got[n].header)
			if (err == nil) != want {
				t.Errorf("%s secret, attempt %d: got %v, want valid %t", name, n, err, want)
			}
		}
	}
	if a, b := d.got[0].header.Get(webhook.HeaderTimestamp), d.got[1].header.Get(webhook.HeaderTimestamp); a == b {
		t.Errorf("both attempts have the timestamp %s, want each its own", a)
	}
}

func TestASecretThatIsNoneFailsTheMessageAndIsNotShown(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook", func(s *status.Subscriber) { s.Secrets = []status.Secret{{Text: "whsec_broken", CreatedAt: begin}} })
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	err := d.Each(t.Context(), chunk(incident, seq, s.ID))
	if err == nil || strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), "secrets[0]") {
		t.Errorf("got error %v, want one that names the field and not the secret", err)
	}
	d.receives(0)
}

func TestThePayloadUnsubscribesItsSubscriberWhateverPeopleWrote(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "Hello {subscriber}")
	d.handles(chunk(incident, seq, s.ID))
	d.receives(1)
	var got struct {
		Meta struct {
			Unsubscribe, Documentation string
		}
		Incident struct {
			Updates []struct{ Body string } `json:"incident_updates"`
		}
	}
	d.must(json.Unmarshal([]byte(d.got[0].body), &got))
	u, err := url.Parse(got.Meta.Unsubscribe)
	d.must(err)
	want := link.Link{Purpose: link.Unsubscribe, Page: page, Subject: s.ID, Generation: s.Generation}
	l, err := d.signer.Read(u.Query().Get(link.ParameterToken), link.Unsubscribe, d.now)
	if diff := cmp.Diff(want, l); err != nil || diff != "" || !strings.HasPrefix(got.Meta.Unsubscribe, publicURL+link.PathUnsubscribe) {
		t.Errorf("%s: %v (-want +got):\n%s", got.Meta.Unsubscribe, err, diff)
	}
	if body := got.Incident.Updates[0].Body; body != "Hello {subscriber}" {
		t.Errorf("got body %q, want it as it was written", body)
	}
	if got.Meta.Documentation != publicURL+"/subscriptions/webhooks" {
		t.Errorf("got documentation %q", got.Meta.Documentation)
	}
}

func TestAChatServiceGetsItsOwnFormUnsigned(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/slack", func(s *status.Subscriber) { s.Mode = status.ModeSlack })
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.handles(chunk(incident, seq, s.ID))
	d.receives(1)
	if body := d.got[0].body; !strings.Contains(body, `"attachments"`) && !strings.Contains(body, `"blocks"`) {
		t.Errorf("got %s, want a message of Slack", body)
	}
	for name := range d.got[0].header {
		if strings.HasPrefix(strings.ToLower(name), "webhook-") {
			t.Errorf("it has the header %s", name)
		}
	}
}

// component makes a component and moves it to another state.
func (d *desk) component() (id string, seq int64) {
	d.t.Helper()
	commit := func(change func(*status.Configuration, status.Stamp) ([]status.StateChange, error)) int64 {
		d.now = d.now.Add(time.Millisecond)
		p, err := d.pages.Commit(d.t.Context(), page, func(tx *store.Tx) error {
			cfg, err := tx.Configuration()
			if err != nil {
				return err
			}
			states, err := change(cfg, tx.Stamp)
			tx.Record(status.Event{Type: status.ComponentUpdated, Actor: actor, States: states})
			return err
		})
		d.must(err)
		return p.Seq
	}
	id = "component1"
	commit(func(cfg *status.Configuration, stamp status.Stamp) ([]status.StateChange, error) {
		cfg.Components[id] = status.Component{ID: id, Name: "Cranes", CreatedAt: stamp.Now, UpdatedAt: stamp.Now}
		cfg.States[id] = status.State{Status: status.Operational, Since: stamp.Now}
		cfg.Layout[id] = status.Place{Position: 1}
		return nil, nil
	})
	seq = commit(func(cfg *status.Configuration, stamp status.Stamp) ([]status.StateChange, error) {
		cfg.States[id] = status.State{Status: status.MajorOutage, Since: stamp.Now}
		return []status.StateChange{{Component: id, Old: status.Operational, New: status.MajorOutage}}, nil
	})
	return id, seq
}

func TestAComponentsStateIsItsOwnMessage(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	id, seq := d.component()
	d.handles(chunk(id, seq, s.ID))
	d.handles(chunk(id, seq, s.ID))
	d.receives(1)
	var got map[string]map[string]any
	d.must(json.Unmarshal([]byte(d.got[0].body), &got))
	if got["incident"] != nil || got["component"]["id"] != id || got["component"]["status"] != "major_outage" ||
		got["component_update"]["old_status"] != "operational" || got["component_update"]["new_status"] != "major_outage" {
		t.Errorf("got %s", d.got[0].body)
	}
	d.counts(id, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1})
}

func TestOfAComponentThatWasDeletedMeanwhileNothingIsPosted(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	id, seq := d.component()
	_, err := d.pages.Commit(t.Context(), page, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		delete(cfg.Components, id)
		delete(cfg.States, id)
		delete(cfg.Layout, id)
		tx.Record(status.Event{Type: status.ComponentDeleted, Actor: actor})
		return nil
	})
	d.must(err)
	d.handles(chunk(id, seq, s.ID))
	d.receives(0)
	d.counts(id, ledger.Counts{})
}

func TestASubscriberByMailInThisQueueIsAnError(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook", func(s *status.Subscriber) { s.Mode = status.ModeEmail; s.Endpoint = "" })
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	if err := d.Each(t.Context(), chunk(incident, seq, s.ID)); err == nil || !strings.Contains(err.Error(), "email is no endpoint") {
		t.Errorf("got error %v, want that a mail has no endpoint", err)
	}
	d.receives(0)
}
