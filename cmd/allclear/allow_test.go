package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"allclear/internal/status"
	"allclear/internal/store"
)

// opened is a folder with a page, opened.
func opened(t *testing.T, folder string) (*place, string) {
	t.Helper()
	p, err := placeFlags{Data: folder}.open(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	page, err := p.page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p, page
}

func TestASuppressionIsLiftedOnlyByWhoSaysThatTheOwnerAsked(t *testing.T) {
	p, page := opened(t, t.TempDir())
	audience := p.folder.Audience
	s, err := status.NewSubscriber(status.Subscriber{Page: page, Mode: status.ModeEmail, Email: "who@example.com"}, true, audience.Stamp())
	if err == nil {
		_, err = audience.AddSubscriber(t.Context(), s, store.Beside{})
	}
	if err == nil {
		err = audience.Suppress(t.Context(), page, s.ID, s.Email, status.Complained)
	}
	if err != nil {
		t.Fatal(err)
	}
	allow := func(asked bool) (string, error) {
		var out bytes.Buffer
		c := subscribersAllowCommand{Address: "Who@Example.com", OwnerAsked: asked}
		err := c.run(t.Context(), p, &out)
		if text := out.String(); strings.Contains(strings.ToLower(text), "who@") || err != nil && strings.Contains(strings.ToLower(err.Error()), "who@") {
			t.Errorf("got %q, %v, want no address in it", text, err)
		}
		return out.String(), err
	}
	if out, err := allow(false); err == nil || !strings.Contains(err.Error(), "--owner-asked") || out != "" {
		t.Errorf("without the statement: got %q, %v", out, err)
	}
	if kept, err := audience.Suppressed(t.Context(), "who@example.com"); kept == nil || err != nil {
		t.Errorf("got %v, %v, want it suppressed still", kept, err)
	}
	out, err := allow(true)
	if err != nil || !strings.Contains(out, "complaint") || !strings.Contains(out, "/v1/pages/"+page+"/subscribers/"+s.ID) {
		t.Errorf("got %q, %v, want it lifted, and the subscription that is to be deleted", out, err)
	}
	if kept, err := audience.Suppressed(t.Context(), "who@example.com"); kept != nil || err != nil {
		t.Errorf("got %v, %v, want it no more", kept, err)
	}
	audits, _, err := audience.Audits(t.Context(), page, "", 10)
	if err != nil || len(audits) != 1 || audits[0].Action != store.AddressAllowed || audits[0].Actor != shell {
		t.Errorf("got %+v, %v, want one", audits, err)
	}
	if _, err := allow(true); err == nil || !strings.Contains(err.Error(), "is not suppressed") {
		t.Errorf("once more: got %v", err)
	}
	if again, _, _ := audience.Audits(t.Context(), page, "", 10); len(again) != 1 {
		t.Errorf("got %d audits, want no other", len(again))
	}
}

func TestWhatIsNoAddressCannotBeAllowed(t *testing.T) {
	p, _ := opened(t, t.TempDir())
	var out bytes.Buffer
	c := subscribersAllowCommand{Address: "nobody", OwnerAsked: true}
	if err := c.run(t.Context(), p, &out); err == nil || !strings.Contains(err.Error(), "must have an @") {
		t.Errorf("got %v", err)
	}
}

func TestOnAStageTheListOfTheAccountIsNamedToo(t *testing.T) {
	stage, folder := remaining("prod", nil), remaining("", nil)
	if !strings.Contains(stage, "aws sesv2 delete-suppressed-destination") || strings.Contains(folder, "aws") {
		t.Errorf("stage: %q, folder: %q", stage, folder)
	}
}
