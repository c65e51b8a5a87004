package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"allclear/internal/api"
	"allclear/internal/memory"
	"allclear/internal/table"
)

func TestAWriteThatMeetsOthersIsTriedAgainAndThenGivenUp(t *testing.T) {
	var left, tried atomic.Int64
	d := newDeskOn(t, memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment != memory.BeforeWrite {
			return nil
		}
		tried.Add(1)
		if left.Add(-1) >= 0 {
			return table.ErrContention
		}
		return nil
	}})
	left.Store(3)
	d.must(201, "POST", base+"/incidents", `{"incident":{"name":"x"}}`)
	left.Store(1000)
	tried.Store(0)
	d.unchanged(func() {
		problem(t, d.must(409, "POST", base+"/incidents", `{"incident":{"name":"x"}}`))
	})
	if got := tried.Load(); got < 3 || got > 20 {
		t.Errorf("it was tried %d times, want a few", got)
	}
}

func TestAFailureOfOursSaysNothingOfItselfButItsNumber(t *testing.T) {
	var failing atomic.Bool
	d := newDeskOn(t, memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if failing.Load() && c.Moment == memory.BeforeWrite {
			return errors.New("disk full at /secret/place")
		}
		return nil
	}}, func(o *api.Options) { o.RequestID = func(context.Context) string { return "r-7" } })
	failing.Store(true)
	a := d.must(500, "POST", base+"/incidents?api_key="+key, `{"incident":{"name":"x"}}`)
	if got := problem(t, a); strings.Contains(got, "disk") || !strings.Contains(got, "r-7") {
		t.Errorf("got %q, want the request's id and no detail", got)
	}
	if got := d.log.String(); !strings.Contains(got, "disk full") || !strings.Contains(got, "request=r-7") || strings.Contains(got, key) {
		t.Errorf("got log %q, want detail, id and no key", got)
	}
}

func TestABugIsAnsweredInJSON(t *testing.T) {
	d := newDesk(t, func(o *api.Options) { o.PublicURL = func() string { panic("no address") } })
	a := d.must(500, "GET", base, "")
	if got := problem(t, a); strings.Contains(got, "address") {
		t.Errorf("got %q, want no detail", got)
	}
	if got := d.log.String(); !strings.Contains(got, "no address") || !strings.Contains(got, "failure_test.go") {
		t.Errorf("got log %q, want the panic and where it was", got)
	}
}

func TestARequestWithoutTimeLeftIsNoFailureOfOurs(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := d.serve(request(ctx, "GET", base, ""))
	if a.Code != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "1" || d.log.Len() > 0 {
		t.Errorf("got %d %v, log %q, want 503", a.Code, a.Header, d.log)
	}
}

func TestABodyThatBreaksOffIsTheClientsFault(t *testing.T) {
	d := newDesk(t)
	r := request(t.Context(), "POST", base+"/incidents", "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"incident":`), broken{}))
	if a := d.serve(r); a.Code != 400 {
		t.Errorf("got %d %s, want 400", a.Code, a.Body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAKeyMakesSoManyRequestsAMinute(t *testing.T) {
	d := newDesk(t, func(o *api.Options) { o.RateLimit = 40 })
	if err := d.store.AddKey(t.Context(), "other", "ac_other"); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		d.must(200, "GET", base, "")
	}
	a := d.must(429, "GET", base, "")
	if got := a.Header.Get("Retry-After"); got != "2" {
		t.Errorf("got Retry-After %q, want 2", got)
	}
	problem(t, a)
	d.must(200, "GET", base, "", "Authorization: OAuth ac_other")
	for range 10 { // requests that were refused count for nothing
		d.must(429, "POST", base+"/incidents", `{"incident":{"name":"x"}}`)
	}
	d.must(401, "GET", base, "", "Authorization: OAuth wrong")
	d.clock.advance(2 * time.Second)
	d.must(200, "GET", base, "")
	d.must(429, "GET", base, "")
	d.clock.advance(time.Hour)
	for range 40 {
		d.must(200, "GET", base, "")
	}
	d.must(429, "GET", base, "")
}

func TestWithoutALimitAnyNumberIsTaken(t *testing.T) {
	d := newDesk(t)
	for range 500 {
		d.must(200, "GET", base, "")
	}
}
