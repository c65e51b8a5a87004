package sender

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"allclear/internal/webhook"
)

var now = time.Date(2026, 3, 8, 9, 30, 0, 0, time.UTC)

// receiver is a TLS server on loopback that answers as a test says.
func receiver(t *testing.T, handler http.HandlerFunc) (*httptest.Server, Options) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server, Options{
		Rules: webhook.Rules{AllowLoopback: true}, Roots: roots, Now: func() time.Time { return now },
	}
}

func endpoint(t *testing.T, rules webhook.Rules, url string) webhook.Endpoint {
	t.Helper()
	e, err := rules.ParseEndpoint("endpoint", url)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// post sends an empty object to a path of a server.
func post(t *testing.T, server *httptest.Server, o Options, path string) Result {
	t.Helper()
	return New(o).Send(t.Context(), Post{Endpoint: endpoint(t, o.Rules, server.URL+path), Body: []byte("{}")})
}

func TestAPostArrivesWholeAndItsSignatureVerifies(t *testing.T) {
	secret, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"incident":{"name":"Kräne"}}`)
	var seen *http.Request
	var arrived []byte
	server, o := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		seen = r
		arrived, _ = io.ReadAll(r.Body)
	})
	signature, err := webhook.Sign("msg_1", now, body, secret)
	if err != nil {
		t.Fatal(err)
	}
	result := New(o).Send(t.Context(), Post{
		Endpoint: endpoint(t, o.Rules, server.URL+"/in%2Fside?key=a%20b"), Body: body, Headers: signature.Headers(),
	})
	if want := (Result{Outcome: Delivered, Status: 200}); result != want {
		t.Fatalf("got %+v, want %+v", result, want)
	}
	if seen.Method != http.MethodPost || seen.RequestURI != "/in%2Fside?key=a%20b" || !bytes.Equal(arrived, body) {
		t.Errorf("got %s %s with %s", seen.Method, seen.RequestURI, arrived)
	}
	if seen.TLS == nil || seen.TLS.Version < tls.VersionTLS12 {
		t.Errorf("got TLS %+v", seen.TLS)
	}
	verifier, err := standardwebhooks.NewWebhook(secret.Text())
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifyIgnoringTimestamp(arrived, seen.Header); err != nil {
		t.Error(err)
	}
	var names []string
	for name := range seen.Header {
		names = append(names, name)
	}
	if got, want := len(names), len([]string{"Content-Length", "Content-Type", "User-Agent", "id", "timestamp", "signature"}); got != want {
		t.Errorf("got the headers %v, want %d of them", names, want)
	}
	if got := seen.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("got content type %q", got)
	}
	if got := seen.Header.Get("User-Agent"); got != userAgent {
		t.Errorf("got user agent %q", got)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	server, o := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/target" {
			followed.Store(true)
			return
		}
		http.Redirect(w, r, "/target", http.StatusTemporaryRedirect)
	})
	if got := post(t, server, o, "/"); got.Outcome != Refused || got.Status != 307 || followed.Load() {
		t.Errorf("got %+v, followed: %t", got, followed.Load())
	}
}

func TestAnEndlessAnswerEndsAfterItsFirstPart(t *testing.T) {
	var wrote atomic.Int64
	stopped := make(chan struct{})
	server, o := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(stopped)
		block := make([]byte, 16<<10)
		for wrote.Load() < 64<<20 {
			n, err := w.Write(block)
			wrote.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	if got := post(t, server, o, "/"); got.Outcome != Delivered {
		t.Errorf("got %+v", got)
	}
	<-stopped
	if wrote.Load() >= 64<<20 {
		t.Errorf("the receiver could write all of its %d bytes", wrote.Load())
	}
}

func TestAnAnswerThatDoesNotComeIsTriedAgain(t *testing.T) {
	release := make(chan struct{})
	server, o := receiver(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	o.Timeout = 50 * time.Millisecond
	got := post(t, server, o, "/secret")
	if got.Outcome != Retry || got.Status != 0 || !errors.Is(got.Err, context.DeadlineExceeded) {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(got.Err.Error(), "secret") {
		t.Errorf("the error tells the address: %v", got.Err)
	}
	o.Timeout = time.Hour
	got = New(o).Send(t.Context(), Post{Endpoint: endpoint(t, o.Rules, server.URL), Timeout: 50 * time.Millisecond})
	if got.Outcome != Retry || !errors.Is(got.Err, context.DeadlineExceeded) {
		t.Errorf("with the timeout of one post: got %+v", got)
	}
}

func TestABodyThatBreaksOffDoesNotUndoTheAnswer(t *testing.T) {
	server, o := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("ok"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	if got := post(t, server, o, "/"); got.Outcome != Delivered {
		t.Errorf("got %+v", got)
	}
}

func TestWithoutAConnectionAPostIsTriedAgain(t *testing.T) {
	server, o := receiver(t, func(http.ResponseWriter, *http.Request) {})
	address := server.URL
	t.Run("a certificate of nobody", func(t *testing.T) {
		strict := o
		strict.Roots = x509.NewCertPool()
		got := post(t, server, strict, "/")
		if unknown := (x509.UnknownAuthorityError{}); got.Outcome != Retry || !errors.As(got.Err, &unknown) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a connection that is cut", func(t *testing.T) {
		cut, o := receiver(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		if got := post(t, cut, o, "/"); got.Outcome != Retry || got.Err == nil {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("TLS 1.1", func(t *testing.T) {
		old := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		old.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		old.StartTLS()
		defer old.Close()
		trusting := o
		trusting.Roots = x509.NewCertPool()
		trusting.Roots.AddCert(old.Certificate())
		if got := post(t, old, trusting, "/"); got.Outcome != Retry || got.Err == nil {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		server.Close()
		got := New(o).Send(t.Context(), Post{Endpoint: endpoint(t, o.Rules, address+"/secret")})
		if got.Outcome != Retry || got.Status != 0 || got.Err == nil || strings.Contains(got.Err.Error(), "secret") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an endpoint that was not checked", func(t *testing.T) {
		if got := New(Options{}).Send(t.Context(), Post{}); got.Outcome != Blocked || got.Err == nil {
			t.Errorf("got %+v", got)
		}
	})
}

func TestNoProxyOfTheEnvironmentIsAsked(t *testing.T) {
	// net/http reads these once and leaves loopback alone; so the Transport itself is looked at too.
	var asked atomic.Bool
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	server, o := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if got := post(t, server, o, "/"); got.Outcome != Delivered || asked.Load() {
		t.Errorf("got %+v, the proxy was asked: %t", got, asked.Load())
	}
	if transport := New(o).client.Transport.(*http.Transport); transport.Proxy != nil {
		t.Error("the client asks for proxies")
	}
}

func TestAConnectionIsUsedAgainAndNoCookieIsKept(t *testing.T) {
	var mutex sync.Mutex
	peers, cookies := map[string]bool{}, 0
	server, o := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		peers[r.RemoteAddr] = true
		cookies += len(r.Cookies())
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		_, _ = w.Write([]byte("ok"))
	})
	s := New(o)
	for range 3 {
		if got := s.Send(t.Context(), Post{Endpoint: endpoint(t, o.Rules, server.URL)}); got.Outcome != Delivered {
			t.Fatalf("got %+v", got)
		}
	}
	if len(peers) != 1 || cookies != 0 {
		t.Errorf("got %d connections and %d cookies", len(peers), cookies)
	}
}

func TestAllowedLoopbackIsReachedWithoutTLSToo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	rules := webhook.Rules{AllowLoopback: true}
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		got := New(Options{Rules: rules}).Send(t.Context(), Post{Endpoint: endpoint(t, rules, "http://"+host+":"+port+"/in")})
		if diff := cmp.Diff(Delivered, got.Outcome); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", host, got.Err, diff)
		}
	}
}
