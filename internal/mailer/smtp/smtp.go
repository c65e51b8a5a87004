// Package smtp is the mailer port on an SMTP server, for a laptop or the smallest production that
// has one. A message goes through one conversation; what is known of it depends on how far that
// came: before its text was handed over nothing was taken, afterwards only a reply tells. It keeps
// connections open for a moment, since servers dislike a new one for every mail.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"allclear/internal/mailer"
)

// Security is how a connection is encrypted.
type Security string

// The kinds of security.
const (
	StartTLS      Security = "starttls"      // encrypted, or no mail is sent
	Opportunistic Security = "opportunistic" // encrypted where the server offers it
	TLS           Security = "tls"           // encrypted from the first byte, usually on port 465
	Plain         Security = "plain"         // never encrypted
)

// Options say which server, and as whom.
type Options struct {
	Host     string
	Port     int
	Username string // "" for no authentication
	Password string // sent over an encrypted connection, or to this very machine, only
	Security Security
	HELO     string      // the name to greet with; "" for the machine's own
	TLS      *tls.Config // nil trusts what the machine trusts
	// Rate is how many mails a second the server takes, 0 for no limit. It is not known otherwise.
	Rate float64
}

// Mailer sends through one server. It is safe for concurrent use.
type Mailer struct {
	options Options
	idle    chan *session
	sent    atomic.Int64
}

var _ mailer.Mailer = (*Mailer)(nil)

const (
	maxIdle  = 4                // connections that wait for the next mail
	idleTime = 10 * time.Second // for so long
)

// New makes the adapter. It connects to nothing yet.
func New(o Options) (*Mailer, error) {
	switch o.Security {
	case StartTLS, Opportunistic, TLS, Plain:
	default:
		return nil, fmt.Errorf("set up smtp: security %q, want %s, %s, %s or %s", o.Security, StartTLS, Opportunistic, TLS, Plain)
	}
	if o.Host == "" || o.Port < 1 || o.Port > 65535 {
		return nil, fmt.Errorf("set up smtp: server %q, port %d: want a host and a port of 1 to 65535", o.Host, o.Port)
	}
	if (o.Username == "") != (o.Password == "") {
		return nil, errors.New("set up smtp: want a user and a password, or neither")
	}
	m := &Mailer{options: o, idle: make(chan *session, maxIdle)}
	if _, err := m.client(nil); err != nil {
		return nil, fmt.Errorf("set up smtp: %w", err)
	}
	return m, nil
}

// Send implements mailer.Mailer. The id is the server's reply to the message, after a number.
func (m *Mailer) Send(ctx context.Context, message mailer.Message) (string, error) {
	if err := mailer.Validate(message); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, mailer.Timeout)
	defer cancel()
	s, err := m.session(ctx, message.From)
	if err != nil {
		return "", err
	}
	reply, err := s.send(ctx, message)
	if err != nil {
		s.close()
		return "", err
	}
	m.keep(s)
	return fmt.Sprintf("%d %s", m.sent.Add(1), reply), nil
}

// Quota implements mailer.Mailer. A server does not tell, so it is what the options say.
func (m *Mailer) Quota(context.Context) (mailer.Quota, error) {
	q := mailer.Quota{Rate: mailer.Unlimited, Max24h: mailer.Unlimited}
	if m.options.Rate > 0 {
		q.Rate = m.options.Rate
	}
	return q, nil
}

// Close ends the connections that wait. A mail that is sent later opens a new one.
func (m *Mailer) Close() error {
	for {
		select {
		case s := <-m.idle:
			s.close()
		default:
			return nil
		}
	}
}

// session is a connection that took the sender of a mail: one that waited, if the server still
// listens to it, else a new one.
func (m *Mailer) session(ctx context.Context, from string) (*session, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, &mailer.Error{Outcome: mailer.Deferred, Err: err}
		}
		select {
		case s := <-m.idle:
			if time.Since(s.used) > idleTime {
				s.close()
				continue
			}
			err := s.from(ctx, from)
			if err == nil {
				return s, nil
			}
			s.close()
			if isReply(err) {
				return nil, fault(err, mailer.Parked)
			} // else the server hung up meanwhile
		default:
			return m.open(ctx, from)
		}
	}
}

// open makes a connection. Whatever fails here, no message was handed over.
func (m *Mailer) open(ctx context.Context, from string) (*session, error) {
	s := new(session)
	client, err := m.client(&s.connection)
	if err != nil {
		return nil, &mailer.Error{Outcome: mailer.Parked, Err: err}
	}
	stop := context.AfterFunc(ctx, s.interrupt)
	s.client, err = client.DialToSMTPClientWithContext(ctx)
	stop()
	if err == nil {
		err = s.from(ctx, from)
	}
	if err != nil {
		s.close()
		return nil, fault(fmt.Errorf("connect to %s: %w", m.options.Host, err), mailer.Parked)
	}
	return s, nil
}

// client is a new client, since one client is not for several at a time. The connection that it makes
// is stored, so that it can be closed when the conversation fails before there is a session.
func (m *Mailer) client(connection *atomic.Pointer[net.Conn]) (*mail.Client, error) {
	o := m.options
	config := &tls.Config{ServerName: o.Host, MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	policy := map[Security]mail.TLSPolicy{
		StartTLS: mail.TLSMandatory, Opportunistic: mail.TLSOpportunistic, TLS: mail.NoTLS, Plain: mail.NoTLS,
	}[o.Security]
	options := []mail.Option{
		mail.WithPort(o.Port), mail.WithTimeout(mailer.Timeout), mail.WithTLSConfig(config), mail.WithTLSPolicy(policy),
		mail.WithoutSMTPUTF8(), // addresses are 7-bit, and not every server's next hop knows it
		mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, o.Security, config, network, address)
			if err == nil {
				connection.Store(&c)
			}
			return c, err
		}),
	}
	if o.HELO != "" {
		options = append(options, mail.WithHELO(o.HELO))
	}
	if o.Username != "" {
		// Both refuse an unencrypted connection but to this machine.
		options = append(options, mail.WithOpportunisticSMTPAuth(mail.SMTPAuthPlain, mail.SMTPAuthLogin),
			mail.WithUsername(o.Username), mail.WithPassword(o.Password))
	}
	return mail.NewClient(o.Host, options...)
}

func dial(ctx context.Context, security Security, config *tls.Config, network, address string) (net.Conn, error) {
	if security == TLS {
		return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// keep lets a connection wait for the next mail, if there is room.
func (m *Mailer) keep(s *session) {
	s.used = time.Now()
	select {
	case m.idle <- s:
	default:
		s.close()
	}
}

// session is one connection.
type session struct {
	client     *smtp.Client // nil before the server greeted
	connection atomic.Pointer[net.Conn]
	used       time.Time
}
