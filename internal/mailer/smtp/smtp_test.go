package smtp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"

	"allclear/internal/mailer"
	"allclear/internal/mailer/mailertest"
	"allclear/internal/mailer/smtp"
)

// certificate is one for 127.0.0.1, and what trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}

func connect(t *testing.T, s *server, o smtp.Options) *smtp.Mailer {
	t.Helper()
	o.Host, o.Port, o.HELO = s.host, s.port, "status.example.com"
	if o.Security == "" {
		o.Security = smtp.Plain
	}
	m, err := smtp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestAnSMTPServerIsAMailer(t *testing.T) {
	serving, trusting := certificate(t)
	for name, c := range map[string]struct {
		server  *server
		options smtp.Options
	}{
		"plain":    {&server{}, smtp.Options{}},
		"starttls": {&server{tls: serving, credentials: "me\x00secret"}, smtp.Options{Security: smtp.StartTLS, TLS: trusting, Username: "me", Password: "secret"}},
		"tls":      {&server{tls: serving, implicit: true, credentials: "me\x00secret"}, smtp.Options{Security: smtp.TLS, TLS: trusting, Username: "me", Password: "secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			mailertest.Run(t, func(t *testing.T) mailertest.Harness {
				s := newServer(t, &server{tls: c.server.tls, implicit: c.server.implicit, credentials: c.server.credentials})
				return mailertest.Harness{
					Mailer: connect(t, s, c.options), Sender: "status@example.com",
					Sent: func(*testing.T) []mailertest.Sent { return s.taken() },
				}
			})
		})
	}
}

func message() mailer.Message {
	return mailer.Message{From: "status@example.com", To: "ada@example.com", Raw: []byte("Subject: x\r\n\r\nHello\r\n")}
}

func TestWhatIsKnownDependsOnHowFarTheConversationCame(t *testing.T) {
	for _, c := range []struct {
		step, says string
		want       mailer.Outcome
		taken      int
	}{
		{"greeting", "421 4.3.2 not now", mailer.Deferred, 0},
		{"greeting", "554 5.7.1 no service for you", mailer.Parked, 0},
		{"greeting", "hang up", mailer.Deferred, 0},
		{"MAIL", "451 4.3.0 later", mailer.Deferred, 0},
		{"MAIL", "550 5.7.1 <status@example.com> may not send", mailer.Parked, 0},
		{"MAIL", "hang up", mailer.Deferred, 0},
		{"RCPT", "450 4.2.1 <ada@example.com> is busy", mailer.Deferred, 0},
		{"RCPT", "550 5.1.1 <ada@example.com> is not known", mailer.Rejected, 0},
		{"RCPT", "hang up", mailer.Deferred, 0},
		{"DATA", "451 4.3.0 later", mailer.Deferred, 0},
		{"DATA", "554 5.5.1 no", mailer.Rejected, 0},
		{"DATA", "hang up", mailer.Deferred, 0},
		{"text", "452 4.3.1 disk full", mailer.Deferred, 0},
		{"text", "552 5.3.4 too big", mailer.Rejected, 0},
		{"text", "hang up first", mailer.Unknown, 0},
		{"text", "hang up", mailer.Unknown, 1}, // taken, but nobody heard of it
	} {
		s := newServer(t, &server{says: map[string]string{c.step: c.says}})
		_, err := connect(t, s, smtp.Options{}).Send(t.Context(), message())
		if got := mailer.OutcomeOf(err); err == nil || got != c.want {
			t.Errorf("%s, %s: got %v (%s), want %s", c.step, c.says, err, got, c.want)
		} else if strings.Contains(err.Error(), "ada") || strings.Contains(err.Error(), "status@") {
			t.Errorf("%s, %s: got error %v, which names an address", c.step, c.says, err)
		}
		if got := len(s.taken()); got != c.taken {
			t.Errorf("%s, %s: got %d taken, want %d", c.step, c.says, got, c.taken)
		}
	}
}

func TestAConnectionIsUsedAgainAndAStaleOneReplaced(t *testing.T) {
	s := newServer(t, &server{})
	m := connect(t, s, smtp.Options{})
	for range 3 {
		if _, err := m.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.met(); got != 1 {
		t.Errorf("got %d connections for three mails, want 1", got)
	}
	s.tell(map[string]string{"MAIL": "hang up"}) // the server is tired of the old one, and of the next
	if _, err := m.Send(t.Context(), message()); mailer.OutcomeOf(err) != mailer.Deferred {
		t.Errorf("got %v, want deferred", err)
	}
	if got := s.met(); got != 2 {
		t.Errorf("got %d connections, want a second one tried", got)
	}
}

func TestARefusedMailDoesNotSpoilTheNext(t *testing.T) {
	s := newServer(t, &server{says: map[string]string{"RCPT": "550 5.1.1 no such user"}})
	m := connect(t, s, smtp.Options{})
	if _, err := m.Send(t.Context(), message()); mailer.OutcomeOf(err) != mailer.Rejected {
		t.Fatalf("got %v, want rejected", err)
	}
	s.tell(nil)
	if id, err := m.Send(t.Context(), message()); err != nil || !strings.Contains(id, "taken") {
		t.Errorf("got id %q and %v, want the reply", id, err)
	}
}

func TestSettingsThatDoNotFitPark(t *testing.T) {
	serving, trusting := certificate(t)
	for name, c := range map[string]struct {
		server  *server
		options smtp.Options
	}{
		"no STARTTLS":    {&server{}, smtp.Options{Security: smtp.StartTLS, TLS: trusting}},
		"not trusted":    {&server{tls: serving}, smtp.Options{Security: smtp.StartTLS}},
		"wrong password": {&server{tls: serving, credentials: "me\x00secret"}, smtp.Options{Security: smtp.StartTLS, TLS: trusting, Username: "me", Password: "guess"}},
		"no login there": {&server{tls: serving}, smtp.Options{Security: smtp.StartTLS, TLS: trusting, Username: "me", Password: "secret"}},
	} {
		_, err := connect(t, newServer(t, c.server), c.options).Send(t.Context(), message())
		if mailer.OutcomeOf(err) != mailer.Parked || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "guess") {
			t.Errorf("%s: got %v, want parked", name, err)
		}
	}
}

func TestAServerThatIsNotThereDefers(t *testing.T) {
	gone := &server{host: "127.0.0.1", port: 1}
	if _, err := connect(t, gone, smtp.Options{}).Send(t.Context(), message()); mailer.OutcomeOf(err) != mailer.Deferred {
		t.Errorf("got %v, want deferred", err)
	}
}

func TestAContextThatEndsInTheMiddleOfTheTextLeavesTheOutcomeUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	// A reply without an end.
	s := newServer(t, &server{says: map[string]string{"text": "250-taken, but"}, heard: make(chan struct{})})
	m := connect(t, s, smtp.Options{})
	answered := make(chan error, 1)
	go func() { _, err := m.Send(ctx, message()); answered <- err }()
	select {
	case <-s.heard:
	case err := <-answered:
		t.Fatalf("got %v before the text was there", err)
	}
	cancel()
	if err := <-answered; mailer.OutcomeOf(err) != mailer.Unknown {
		t.Errorf("got %v, want unknown", err)
	}
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	good := smtp.Options{Host: "mail.example.com", Port: 587, Security: smtp.StartTLS}
	if _, err := smtp.New(good); err != nil {
		t.Fatalf("got %v of good settings", err)
	}
	for want, change := range map[string]func(*smtp.Options){
		"security \"ssl\"":    func(o *smtp.Options) { o.Security = "ssl" },
		"a host and a port":   func(o *smtp.Options) { o.Host = "" },
		"port 70000":          func(o *smtp.Options) { o.Port = 70000 },
		"user and a password": func(o *smtp.Options) { o.Username = "me" },
	} {
		o := good
		change(&o)
		if _, err := smtp.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one with %q", err, want)
		}
	}
}

func TestTheRateIsWhatTheOptionsSay(t *testing.T) {
	for rate, want := range map[float64]float64{0: mailer.Unlimited, 2.5: 2.5} {
		q, err := connect(t, &server{host: "127.0.0.1", port: 1}, smtp.Options{Rate: rate}).Quota(t.Context())
		if err != nil || q.Rate != want || q.Max24h != mailer.Unlimited {
			t.Errorf("got %+v and %v, want a rate of %g", q, err, want)
		}
	}
}
