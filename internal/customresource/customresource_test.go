package customresource_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"

	"allclear/internal/customresource"
	"allclear/internal/status"
)

var quiet = slog.New(slog.DiscardHandler)

func event(kind string) cfn.Event {
	return cfn.Event{
		RequestType: cfn.RequestType(kind), RequestID: "request", StackID: "stack", LogicalResourceID: "Site",
		ResourceType: "Custom::Site", ResourceProperties: map[string]any{"PageName": "Example"},
	}
}

// answers runs a handler's request and gives what was sent.
func answers(t *testing.T, ctx context.Context, e cfn.Event, do func(context.Context, customresource.Request) (customresource.Answer, error)) []cfn.Response {
	t.Helper()
	var sent []cfn.Response
	h := customresource.Handler(do, customresource.Options{Logger: quiet, Send: func(_ context.Context, r *cfn.Response) error {
		sent = append(sent, *r)
		return nil
	}})
	if err := h(ctx, e); err != nil {
		t.Errorf("the handler failed: %v", err)
	}
	return sent
}

func TestEveryRequestIsAnsweredOnce(t *testing.T) {
	long := strings.Repeat("é", 4000)
	for name, c := range map[string]struct {
		do     func(context.Context, customresource.Request) (customresource.Answer, error)
		status cfn.StatusType
		id     string
		reason string
	}{
		"success": {func(_ context.Context, r customresource.Request) (customresource.Answer, error) {
			if r.Kind != customresource.Update || r.Type != "Custom::Site" || !strings.Contains(string(r.Properties), `"PageName":"Example"`) {
				t.Errorf("got the request %+v", r)
			}
			return customresource.Answer{ID: "site", Data: map[string]any{"PageId": "p"}}, nil
		}, cfn.StatusSuccess, "site", ""},
		"a refusal in the operator's words": {func(context.Context, customresource.Request) (customresource.Answer, error) {
			return customresource.Answer{ID: "site"}, status.Invalidf("time-zone", "is not known")
		}, cfn.StatusFailed, "site", "time-zone is not known"},
		"an error without an id": {func(context.Context, customresource.Request) (customresource.Answer, error) {
			return customresource.Answer{}, errors.New("no room")
		}, cfn.StatusFailed, "Site", "no room"},
		"an error with a long text": {func(context.Context, customresource.Request) (customresource.Answer, error) {
			return customresource.Answer{ID: "site"}, errors.New(long)
		}, cfn.StatusFailed, "site", "ééé"},
		"a panic": {func(context.Context, customresource.Request) (customresource.Answer, error) { panic("out of bounds") }, cfn.StatusFailed, "Site", "out of bounds"},
	} {
		t.Run(name, func(t *testing.T) {
			sent := answers(t, t.Context(), event("Update"), c.do)
			if len(sent) != 1 {
				t.Fatalf("%d answers, want 1", len(sent))
			}
			got := sent[0]
			if got.Status != c.status || got.PhysicalResourceID != c.id || !strings.Contains(got.Reason, c.reason) || (c.reason == "") != (got.Reason == "") {
				t.Errorf("got %s %q because of %q, want %s %q because of %q", got.Status, got.PhysicalResourceID, got.Reason, c.status, c.id, c.reason)
			}
			if text, err := json.Marshal(got); err != nil || len(text) > 4096 {
				t.Errorf("the answer has %d bytes: %v", len(text), err)
			}
			if got.Status == cfn.StatusFailed && got.Data != nil {
				t.Errorf("a failure has the data %v", got.Data)
			}
		})
	}
}

func TestThereIsTimeLeftToSayThatThereWasNotEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		start := time.Now()
		sent := answers(t, ctx, event("Create"), func(ctx context.Context, _ customresource.Request) (customresource.Answer, error) {
			<-ctx.Done()
			return customresource.Answer{ID: "site"}, ctx.Err()
		})
		if left := 5*time.Minute - time.Since(start); len(sent) != 1 || sent[0].Status != cfn.StatusFailed || left < 10*time.Second {
			t.Errorf("got %+v with %s left", sent, left)
		}
		if !strings.Contains(sent[0].Reason, "not enough time") {
			t.Errorf("got the reason %q", sent[0].Reason)
		}
	})
}

func TestAnAnswerThatDoesNotArriveIsSentAgainAndThenTheInvocationFails(t *testing.T) {
	for failures, want := range map[int]bool{2: true, 3: false} {
		tries := 0
		h := customresource.Handler(func(context.Context, customresource.Request) (customresource.Answer, error) {
			return customresource.Answer{ID: "site"}, nil
		}, customresource.Options{Logger: quiet, Send: func(context.Context, *cfn.Response) error {
			if tries++; tries <= failures {
				return errors.New("connection reset")
			}
			return nil
		}})
		if err := h(t.Context(), event("Create")); (err == nil) != want {
			t.Errorf("%d failures: got %v", failures, err)
		}
	}
}

func TestTheAnswerGoesToTheURLOfTheEvent(t *testing.T) {
	var got map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPut || json.Unmarshal(text, &got) != nil {
			t.Errorf("%s %s: %v", r.Method, text, err)
		}
	}))
	defer server.Close()
	e := event("Create")
	e.ResponseURL = server.URL
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	h := customresource.Handler(func(context.Context, customresource.Request) (customresource.Answer, error) {
		return customresource.Answer{ID: "preflight", Data: map[string]any{"OriginSecret": "s"}, Secret: true}, nil
	}, customresource.Options{Logger: quiet})
	if _, err := lambda.NewHandler(h).Invoke(t.Context(), payload); err != nil {
		t.Fatal(err)
	}
	if got["Status"] != "SUCCESS" || got["NoEcho"] != true || got["StackId"] != "stack" || got["RequestId"] != "request" || got["PhysicalResourceId"] != "preflight" {
		t.Errorf("got %v", got)
	}
}
