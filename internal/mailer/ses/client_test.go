package ses

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/mailer"
	"allclear/internal/mailer/mailertest"
)

// service is SES as a server on loopback: the SDK with its retries and time-outs is under test, too.
type service struct {
	*httptest.Server
	answer func(w http.ResponseWriter, request url.Values) // nil takes everything

	mu       sync.Mutex
	requests []url.Values
}

func newService(t *testing.T, answer func(http.ResponseWriter, url.Values)) *service {
	t.Helper()
	s := &service{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		request, err := url.ParseQuery(string(body))
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		s.mu.Lock()
		s.requests = append(s.requests, request)
		n := len(s.requests)
		s.mu.Unlock()
		if s.answer != nil {
			s.answer(w, request)
			return
		}
		if request.Get("Action") == "GetSendQuota" {
			fmt.Fprint(w, "<GetSendQuotaResponse><GetSendQuotaResult><SentLast24Hours>127.0</SentLast24Hours>"+
				"<Max24HourSend>200.0</Max24HourSend><MaxSendRate>1.5</MaxSendRate></GetSendQuotaResult></GetSendQuotaResponse>")
			return
		}
		fmt.Fprintf(w, "<SendRawEmailResponse><SendRawEmailResult><MessageId>id-%d</MessageId></SendRawEmailResult></SendRawEmailResponse>", n)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) asked() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// mailer is the adapter on the service, without pauses.
func (s *service) mailer(set string) *Mailer {
	m := New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 7, // must not count
	}, set)
	m.pause = time.Microsecond
	return m
}

// refuse answers with an error of SES.
func refuse(status int, code, text string) func(http.ResponseWriter, url.Values) {
	return func(w http.ResponseWriter, _ url.Values) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>", code, text)
	}
}

func message() mailer.Message {
	return mailer.Message{
		From: "status@example.com", To: "ada@example.com", Raw: []byte("Subject: x\r\n\r\nHello\r\n"),
		Tags: map[string]string{"subscriber": "abc", "event": "42"},
	}
}

func TestTheAdapterIsAMailer(t *testing.T) {
	mailertest.Run(t, func(t *testing.T) mailertest.Harness {
		s := newService(t, nil)
		return mailertest.Harness{Mailer: s.mailer(""), Sender: "status@example.com", Sent: func(t *testing.T) []mailertest.Sent {
			var sent []mailertest.Sent
			for _, r := range s.asked() {
				raw, err := base64.StdEncoding.DecodeString(r.Get("RawMessage.Data"))
				if err != nil {
					t.Fatal(err)
				}
				sent = append(sent, mailertest.Sent{From: r.Get("Source"), To: r.Get("Destinations.member.1"), Raw: string(raw)})
			}
			return sent
		}}
	})
}

func TestACallNamesSenderRecipientConfigurationSetAndTags(t *testing.T) {
	s := newService(t, nil)
	id, err := s.mailer("status-events").Send(t.Context(), message())
	if err != nil || id != "id-1" {
		t.Fatalf("got id %q and %v, want id-1", id, err)
	}
	want := url.Values{
		"Action": {"SendRawEmail"}, "Version": {"2010-12-01"}, "Source": {"status@example.com"},
		"Destinations.member.1": {"ada@example.com"}, "ConfigurationSetName": {"status-events"},
		"RawMessage.Data":    {base64.StdEncoding.EncodeToString([]byte("Subject: x\r\n\r\nHello\r\n"))},
		"Tags.member.1.Name": {"event"}, "Tags.member.1.Value": {"42"},
		"Tags.member.2.Name": {"subscriber"}, "Tags.member.2.Value": {"abc"},
	}
	if diff := cmp.Diff([]url.Values{want}, s.asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestTheQuotaIsThatOfTheAccount(t *testing.T) {
	got, err := newService(t, nil).mailer("").Quota(t.Context())
	if want := (mailer.Quota{Rate: 1.5, Max24h: 200, Sent24h: 127}); err != nil || got != want {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
}

func TestARefusalHasItsMeaningAndIsOfferedAgainOnlyWhenTooFast(t *testing.T) {
	for _, c := range []struct {
		status     int
		code, text string
		want       mailer.Outcome
	}{
		{400, "Throttling", "Maximum sending rate exceeded.", mailer.Throttled},
		{400, "ThrottlingException", "Rate exceeded", mailer.Throttled},
		{503, "Throttling", "Rate exceeded", mailer.Throttled},
		{400, "Throttling", "Daily message quota exceeded.", mailer.Exhausted},
		{454, "Throttling", "Daily message quota exceeded", mailer.Exhausted},
		{400, "LimitExceededException", "Too many.", mailer.Exhausted},
		{400, "MessageRejected", "Email address is not verified. The following identities failed the check: ada@example.com", mailer.Rejected},
		{400, "MessageRejected", "Email address is not verified. The following identities failed the check in region EU-WEST-1: Status@example.com", mailer.Parked},
		{400, "MessageRejected", "Address blacklisted.", mailer.Rejected},
		{400, "MessageRejected", "Sending paused for this account. For more information, please check the inbox.", mailer.Parked},
		{400, "InvalidParameterValue", "Missing final '@domain'", mailer.Rejected},
		{400, "ValidationError", "1 validation error detected", mailer.Rejected},
		{400, "AccountSendingPausedException", "Email sending is disabled for your entire account.", mailer.Parked},
		{400, "ConfigurationSetSendingPausedException", "Paused.", mailer.Parked},
		{400, "ConfigurationSetDoesNotExist", "Configuration set x does not exist.", mailer.Parked},
		{400, "MailFromDomainNotVerifiedException", "The MX record is missing.", mailer.Parked},
		{403, "AccessDenied", "User is not authorized to perform ses:SendRawEmail", mailer.Parked},
		{403, "InvalidClientTokenId", "The security token is invalid.", mailer.Parked},
		{403, "ExpiredToken", "The security token is expired.", mailer.Deferred},
		{403, "RequestTimeTooSkewed", "Too skewed.", mailer.Deferred},
		{500, "InternalFailure", "Sorry.", mailer.Unknown},
		{503, "ServiceUnavailable", "Sorry.", mailer.Unknown},
		{408, "RequestTimeout", "Sorry.", mailer.Unknown},
	} {
		s := newService(t, refuse(c.status, c.code, c.text))
		_, err := s.mailer("").Send(t.Context(), message())
		if got := mailer.OutcomeOf(err); err == nil || got != c.want {
			t.Errorf("%s, %s: got %v (%s), want %s", c.code, c.text, err, got, c.want)
		} else if strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: got error %v, which names the address", c.code, err)
		}
		want := 1
		if c.want == mailer.Throttled {
			want = attempts
		}
		if got := len(s.asked()); got != want {
			t.Errorf("%s, %s: got %d calls, want %d", c.code, c.text, got, want)
		}
	}
}

func TestAMessageThatWasTooFastOnceIsSentOnce(t *testing.T) {
	calls := 0
	s := newService(t, nil)
	s.answer = func(w http.ResponseWriter, r url.Values) {
		if calls++; calls == 1 {
			refuse(400, "Throttling", "Maximum sending rate exceeded.")(w, r)
			return
		}
		fmt.Fprint(w, "<SendRawEmailResponse><SendRawEmailResult><MessageId>second</MessageId></SendRawEmailResult></SendRawEmailResponse>")
	}
	if id, err := s.mailer("").Send(t.Context(), message()); id != "second" || err != nil || calls != 2 {
		t.Errorf("got id %q, %v, %d calls, want second after 2", id, err, calls)
	}
}

func TestAnAnswerThatWasLostOrIsNotSESsIsUnknownAndNothingIsRepeated(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, url.Values){
		"connection reset": func(w http.ResponseWriter, _ url.Values) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			connection.Close()
		},
		"a proxy's page": func(w http.ResponseWriter, _ url.Values) {
			w.WriteHeader(403)
			fmt.Fprint(w, "<html><p>Forbidden</html>")
		},
		"an empty answer": func(w http.ResponseWriter, _ url.Values) { w.WriteHeader(400) },
		"half an answer":  func(w http.ResponseWriter, _ url.Values) { fmt.Fprint(w, "<SendRawEmailResponse><SendRaw") },
	} {
		s := newService(t, answer)
		_, err := s.mailer("").Send(t.Context(), message())
		if got := mailer.OutcomeOf(err); err == nil || got != mailer.Unknown {
			t.Errorf("%s: got %v (%s), want unknown", name, err, got)
		}
		if got := len(s.asked()); got != 1 {
			t.Errorf("%s: got %d calls, want 1", name, got)
		}
	}
}

func TestAnAnswerThatDoesNotComeIsUnknown(t *testing.T) {
	heard, release := make(chan struct{}), make(chan struct{})
	s := newService(t, func(http.ResponseWriter, url.Values) { close(heard); <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-heard; cancel() }()
	_, err := s.mailer("").Send(ctx, message())
	if mailer.OutcomeOf(err) != mailer.Unknown || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want unknown", err)
	}
}

func TestACallHasADeadline(t *testing.T) {
	var left time.Duration
	m := New(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: transport(func(r *http.Request) (*http.Response, error) {
			deadline, ok := r.Context().Deadline()
			if ok {
				left = time.Until(deadline)
			}
			return nil, errors.New("cut")
		}),
	}, "")
	if _, err := m.Send(t.Context(), message()); mailer.OutcomeOf(err) != mailer.Unknown {
		t.Errorf("got %v, want unknown", err)
	}
	if left <= 0 || left > mailer.Timeout {
		t.Errorf("got %s left, want at most %s", left, mailer.Timeout)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestAServiceThatIsNotThereDefers(t *testing.T) {
	s := newService(t, nil)
	m := s.mailer("")
	s.Close() // its port refuses from now on
	if _, err := m.Send(t.Context(), message()); mailer.OutcomeOf(err) != mailer.Deferred {
		t.Errorf("got %v, want deferred", err)
	}
}
