package sender

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"allclear/internal/webhook"
)

// raw is a receiver that reads a request and then writes whatever a test wants, and the address that
// it is posted to at. stopped is closed when it can write no more.
func raw(t *testing.T, write func(w io.Writer) error) (s *Sender, e webhook.Endpoint, stopped chan struct{}) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	stopped = make(chan struct{})
	go func() {
		defer close(stopped)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_ = write(conn)
		}
	}()
	rules := webhook.Rules{AllowLoopback: true}
	return New(Options{Rules: rules}), endpoint(t, rules, "http://"+listener.Addr().String()+"/secret"), stopped
}

// forever writes a text until nobody reads it any more.
func forever(begin, text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, begin)
		for err == nil {
			_, err = io.WriteString(w, text)
		}
		return err
	}
}

func TestAnAnswerWithoutAnEndIsGivenUp(t *testing.T) {
	for what, write := range map[string]func(io.Writer) error{
		"headers":           forever("HTTP/1.1 200 OK\r\n", "X-More: "+strings.Repeat("a", 1000)+"\r\n"),
		"one header":        forever("HTTP/1.1 200 OK\r\nX-More: ", strings.Repeat("a", 1000)),
		"a status line":     forever("HTTP/1.1 200 ", strings.Repeat("a", 1000)),
		"early hints":       forever("", "HTTP/1.1 103 Early Hints\r\nLink: <"+strings.Repeat("a", 1000)+">\r\n\r\n"),
		"early empty hints": forever("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
	} {
		s, e, stopped := raw(t, write)
		got := s.Send(t.Context(), Post{Endpoint: e})
		if got.Outcome != Retry || got.Status != 0 || got.Err == nil {
			t.Errorf("%s: got %+v, want that there was no answer", what, got)
		} else if errors.Is(got.Err, context.DeadlineExceeded) {
			t.Errorf("%s: it was read until the time was up", what)
		} else if strings.Contains(got.Err.Error(), "secret") {
			t.Errorf("%s: the error tells the address: %v", what, got.Err)
		}
		<-stopped
	}
}

func TestABodyThatDripsHoldsAPostNoLongerThanItsTime(t *testing.T) {
	ended := make(chan struct{})
	s, e, stopped := raw(t, func(w io.Writer) error {
		_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na")
		<-ended
		return err
	})
	got := s.Send(t.Context(), Post{Endpoint: e, Timeout: 50 * time.Millisecond})
	close(ended)
	if got.Outcome != Delivered || got.Status != http.StatusOK {
		t.Errorf("got %+v, want it delivered: its status says so", got)
	}
	<-stopped
}

// A bomb would be unpacked by a client that asks for packed answers.
func TestAPackedAnswerIsNeitherAskedForNorUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	asked := ""
	server, o := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	s := New(o)
	if got := s.Send(t.Context(), Post{Endpoint: endpoint(t, o.Rules, server.URL)}); got.Outcome != Delivered {
		t.Errorf("got %+v", got)
	}
	if !s.client.Transport.(*http.Transport).DisableCompression || asked != "" {
		t.Errorf("it asked for %q", asked)
	}
}

// What is connected to counts, one address after the other: a private one beside public ones is
// passed over, and nothing is sent to it.
func TestOfANameWithPublicAndPrivateAddressesNoPrivateOneIsConnectedTo(t *testing.T) {
	names := &nameServer{}
	s := New(Options{Resolver: names.resolver(t)})
	var tried []string
	dialer := &net.Dialer{Resolver: names.resolver(t)}
	dialer.ControlContext = func(_ context.Context, network, address string, c syscall.RawConn) error {
		tried = append(tried, address)
		if err := s.control(network, address, c); err != nil {
			return err
		}
		return errors.New("public, and not connected to by a test")
	}
	names.set("127.0.0.1", "8.8.8.8", "10.0.0.1")
	conn, err := dialer.DialContext(t.Context(), "tcp4", "mixed.example.com:443")
	if err == nil {
		conn.Close()
		t.Fatal("it is connected to")
	}
	if len(tried) != 3 {
		t.Errorf("tried %v, want each of the three asked about", tried)
	}
	names.set("127.0.0.1", "10.0.0.1")
	if got := s.Send(t.Context(), Post{Endpoint: endpoint(t, webhook.Rules{}, "https://mixed.example.com/")}); got.Outcome != Blocked {
		t.Errorf("with private addresses only: got %+v", got)
	}
}

// transport answers in place of the network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhatAConnectorOfTeamsSaysInWordsIsTheOutcome(t *testing.T) {
	for text, want := range map[string]Outcome{
		"1": Delivered,
		"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId a": Retry,
		"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413 with ContextId a": Refused,
		"Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint":                         Retry,
	} {
		s := New(Options{})
		s.client.Transport = transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text))}, nil
		})
		got := s.Send(t.Context(), Post{Endpoint: endpoint(t, webhook.Rules{}, "https://acme.webhook.office.com/webhookb2/a")})
		if got.Outcome != want || (got.Err == nil) != (want == Delivered) {
			t.Errorf("%q: got %+v, want %s", text, got, want)
		}
	}
}
