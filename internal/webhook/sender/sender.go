// Package sender posts a body to an endpoint and says what became of it. It connects to public
// addresses only, judged when the connection is made and not when the name was looked up before;
// it follows no redirect, asks no proxy, keeps no cookie, and bounds time and size of every answer.
// It neither tries again nor remembers: the webhook function decides with webhook.Next.
package sender

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"allclear/internal/webhook"
)

// DefaultTimeout is what Statuspage gives a receiver to answer, from the first look-up of its name.
const DefaultTimeout = 30 * time.Second

const (
	maxAnswer      = 64 << 10 // read, so that the connection can be used again
	maxHeaders     = 64 << 10
	userAgent      = "allclear-webhook/1 (status page notifications)"
	contentType    = "application/json"
	idleTimeout    = 30 * time.Second
	maxIdle        = 32
	maxPerHost     = 16 // all of a chat service's webhooks have one host
	connectTimeout = 10 * time.Second
)

// Options of a Sender. The zero Options are those of production.
type Options struct {
	Rules    webhook.Rules
	Timeout  time.Duration    // of one post as a whole; 0 is DefaultTimeout
	Resolver *net.Resolver    // nil is the system's
	Roots    *x509.CertPool   // nil are the system's
	Now      func() time.Time // nil is the clock; for Retry-After
}

// Sender posts to endpoints. It can be used by many at once.
type Sender struct {
	client  *http.Client
	rules   webhook.Rules
	timeout time.Duration
	now     func() time.Time
}

// New makes a Sender with connections of its own.
func New(o Options) *Sender {
	s := &Sender{rules: o.Rules, timeout: o.Timeout, now: o.Now}
	if s.timeout <= 0 {
		s.timeout = DefaultTimeout
	}
	if s.now == nil {
		s.now = time.Now
	}
	dialer := &net.Dialer{Timeout: connectTimeout, Resolver: o.Resolver, Control: s.control}
	s.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would connect to wherever it likes
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
			TLSHandshakeTimeout:    connectTimeout,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			MaxIdleConns:           maxIdle,
			MaxIdleConnsPerHost:    1,
			MaxConnsPerHost:        maxPerHost,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeaders,
		},
	}
	return s
}

// Post is one body for one endpoint.
type Post struct {
	Endpoint webhook.Endpoint
	Body     []byte            // JSON
	Headers  map[string]string // see webhook.Signature
	Timeout  time.Duration     // 0 is that of the Sender
}

// Send posts once. It never fails otherwise than by its Result.
func (s *Sender) Send(ctx context.Context, p Post) Result {
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = s.timeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Endpoint.URL(), bytes.NewReader(p.Body))
	if err != nil { // an Endpoint that was not made by ParseEndpoint
		return Result{Outcome: Blocked, Err: fmt.Errorf("post to %s: %w", p.Endpoint, bare(err))}
	}
	for name, value := range p.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", userAgent)
	response, err := s.client.Do(request)
	if err != nil {
		return s.failed(p.Endpoint, err)
	}
	defer response.Body.Close()
	// The status has the answer, but for a service or two: a body that does not end in time or in good
	// order changes nothing.
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return s.answered(p.Endpoint, response, text)
}

// control is asked before every connection, when the address is known and nothing was sent yet.
func (s *Sender) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return &blockedError{fmt.Errorf("network %s is not TCP", network)}
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return &blockedError{fmt.Errorf("%q is no address: %w", address, err)}
	}
	if err := s.rules.CheckConnection(target); err != nil {
		return &blockedError{err}
	}
	return nil
}

// blockedError is a connection that we would not make.
type blockedError struct{ reason error }

func (e *blockedError) Error() string { return e.reason.Error() }
func (e *blockedError) Unwrap() error { return e.reason }

// bare is a client's error without the address, which may be a secret.
func bare(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
