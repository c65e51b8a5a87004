package smtp_test

import (
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"allclear/internal/mailer/mailertest"
)

// server is an SMTP server on loopback that does as it is told.
type server struct {
	host string
	port int
	tls  *tls.Config // offered by STARTTLS, or from the first byte with implicit
	// implicit encrypts from the first byte.
	implicit bool
	// says replaces a reply by step: greeting, EHLO, AUTH, MAIL, RCPT, DATA and text. "hang up" ends
	// the connection instead; "hang up first" on text ends it before the text is read.
	says map[string]string
	// credentials are asked for when they are not "".
	credentials string
	// heard, if set, is closed when a first text was taken.
	heard chan struct{}

	mu          sync.Mutex // guards also says
	connections int
	sent        []mailertest.Sent
}

func newServer(t *testing.T, s *server) *server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	s.host, s.port = "127.0.0.1", address.Port
	var conversations sync.WaitGroup
	var open sync.Map
	conversations.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			open.Store(c, true)
			conversations.Go(func() { defer c.Close(); s.converse(c) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		conversations.Wait()
	})
	return s
}

// reply says what is to be said at a step; false when the connection is to end.
func (s *server) reply(c *textproto.Conn, step, usual string) bool {
	if other := s.told(step); other != "" {
		usual = other
	}
	if strings.HasPrefix(usual, "hang up") {
		return false
	}
	return c.PrintfLine("%s", usual) == nil
}

func (s *server) told(step string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.says[step]
}

// tell changes what is said.
func (s *server) tell(says map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = says
}

func (s *server) converse(raw net.Conn) {
	s.mu.Lock()
	s.connections++
	s.mu.Unlock()
	secure := s.implicit
	if s.implicit {
		raw = tls.Server(raw, s.tls)
	}
	c := textproto.NewConn(raw)
	if !s.reply(c, "greeting", "220 test.example ESMTP") {
		return
	}
	var from, to string
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		ok := true
		switch verb {
		case "EHLO":
			extensions := "250-test.example\r\n250-8BITMIME\r\n"
			if s.tls != nil && !secure {
				extensions += "250-STARTTLS\r\n"
			}
			if s.credentials != "" {
				extensions += "250-AUTH PLAIN LOGIN\r\n"
			}
			ok = s.reply(c, "EHLO", extensions+"250 OK")
		case "STARTTLS":
			if c.PrintfLine("220 go on") != nil {
				return
			}
			raw, secure = tls.Server(raw, s.tls), true
			c = textproto.NewConn(raw)
		case "AUTH":
			answer := "535 5.7.8 wrong"
			if _, given, _ := strings.Cut(line, "PLAIN "); decoded(given) == "\x00"+s.credentials {
				answer = "235 welcome"
			}
			ok = s.reply(c, "AUTH", answer)
		case "MAIL":
			from = between(line)
			ok = s.reply(c, "MAIL", "250 sender ok")
		case "RCPT":
			to = between(line)
			ok = s.reply(c, "RCPT", "250 recipient ok")
		case "DATA":
			if ok = s.reply(c, "DATA", "354 go on"); !ok || s.told("DATA") != "" {
				break
			}
			if s.told("text") == "hang up first" {
				return
			}
			ok = s.text(c, from, to)
		case "RSET", "NOOP":
			ok = c.PrintfLine("250 ok") == nil
		default:
			ok = c.PrintfLine("500 what?") == nil
		}
		if !ok {
			return
		}
	}
}

// text reads a message as it is on the wire, with its dots undone.
func (s *server) text(c *textproto.Conn, from, to string) bool {
	var raw strings.Builder
	for {
		line, err := c.R.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	if told := s.told("text"); !strings.HasPrefix(told, "4") && !strings.HasPrefix(told, "5") {
		s.mu.Lock()
		s.sent = append(s.sent, mailertest.Sent{From: from, To: to, Raw: raw.String()})
		s.mu.Unlock()
		if s.heard != nil {
			close(s.heard)
		}
	}
	return s.reply(c, "text", "250 2.0.0 taken")
}

func between(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	address, _, _ := strings.Cut(rest, ">")
	return address
}

func decoded(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return ""
	}
	return string(b)
}

func (s *server) taken() []mailertest.Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]mailertest.Sent(nil), s.sent...)
}

func (s *server) met() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}
