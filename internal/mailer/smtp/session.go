package smtp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"allclear/internal/mailer"
)

// from begins a mail.
func (s *session) from(ctx context.Context, address string) error {
	return s.within(ctx, func() error { return s.client.Mail("<" + address + ">") })
}

// send goes on with recipient and text and returns the server's reply.
func (s *session) send(ctx context.Context, m mailer.Message) (string, error) {
	if err := s.within(ctx, func() error { return s.client.Rcpt("<" + m.To + ">") }); err != nil {
		return "", fault(err, mailer.Rejected)
	}
	var text io.WriteCloser
	err := s.within(ctx, func() (err error) { text, err = s.client.Data(); return err })
	if err != nil {
		return "", fault(err, mailer.Rejected)
	}
	// From here on the server may take the message without our hearing of it.
	err = s.within(ctx, func() error {
		if _, err := text.Write(m.Raw); err != nil {
			return err
		}
		return text.Close()
	})
	if err != nil && !isReply(err) {
		return "", &mailer.Error{Outcome: mailer.Unknown, Err: err}
	}
	if err != nil {
		return "", fault(err, mailer.Rejected)
	}
	if data, ok := text.(*smtp.DataCloser); ok {
		return strings.ReplaceAll(data.ServerResponse(), "\n", " "), nil
	}
	return "", nil
}

// within does one step of the conversation. When ctx ends the connection does, too, and the step fails.
func (s *session) within(ctx context.Context, step func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := s.client.UpdateDeadline(time.Until(deadline)); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, s.interrupt)
	defer stop()
	return step()
}

// interrupt cuts the connection off, so that whoever waits for it returns.
func (s *session) interrupt() {
	if c := s.connection.Load(); c != nil {
		_ = (*c).SetDeadline(time.Unix(1, 0))
	}
}

// close ends the connection without a word: a QUIT would only wait for an answer.
func (s *session) close() {
	if c := s.connection.Load(); c != nil {
		_ = (*c).Close()
	}
}

// isReply tells whether the server itself said no.
func isReply(err error) bool {
	_, ok := errors.AsType[*textproto.Error](err)
	return ok
}

// fault is the meaning of an error before the text was handed over, or of a reply to it. A reply that
// begins with 4 is for now, any other for good: whose good the caller says. A connection that was lost
// or did not come about is for now; what remains, such as a certificate that nobody trusts, is a
// matter of the settings. https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
func fault(err error, permanent mailer.Outcome) error {
	outcome := mailer.Parked
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		outcome = permanent
		if reply.Code >= 400 && reply.Code < 500 {
			outcome = mailer.Deferred
		}
	} else if lost(err) {
		outcome = mailer.Deferred
	}
	return &mailer.Error{Outcome: outcome, Err: err}
}

// lost tells an error of the network from one of the settings.
func lost(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, os.ErrDeadlineExceeded, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
