package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"allclear/internal/address"
	"allclear/internal/local"
	"allclear/internal/mailer/smtp"
)

// tellingFlags say how subscribers are told.
type tellingFlags struct {
	MailFrom         string        `help:"Address that mails come from, unless the page has its own (${default})." default:"status@example.com" placeholder:"ADDRESS"`
	SMTP             string        `name:"smtp" help:"Send mails through this server instead of capturing them in the inbox." placeholder:"HOST:PORT"`
	SMTPUser         string        `name:"smtp-user" help:"Name to log in to it with." placeholder:"NAME"`
	SMTPPasswordFile string        `name:"smtp-password-file" help:"File that holds the password." placeholder:"FILE" type:"existingfile"`
	SMTPSecurity     smtp.Security `name:"smtp-security" help:"How the connection is encrypted: starttls, opportunistic, tls or plain (${default})." default:"starttls" placeholder:"HOW"`
	SMTPRate         float64       `name:"smtp-rate" help:"Mails a second that it takes; 0 for no limit." default:"0" placeholder:"N"`
	BehindProxy      bool          `help:"Visitors come through a proxy on this machine, which writes their address into X-Forwarded-For. Without it all of them count as one where requests are limited."`
	AllowLoopback    bool          `help:"Let webhooks lead to this machine, also over http and to any port: for trying them."`
}

// telling checks the flags and makes what they ask for.
func (f tellingFlags) telling() (local.Telling, error) {
	t := local.Telling{MailFrom: f.MailFrom, BehindProxy: f.BehindProxy, AllowLoopback: f.AllowLoopback}
	if _, err := address.Parse(f.MailFrom); err != nil {
		return t, fmt.Errorf("--mail-from: %w", err)
	}
	if f.SMTP == "" {
		if f.SMTPUser != "" || f.SMTPPasswordFile != "" || f.SMTPRate != 0 {
			return t, errors.New("--smtp-user, --smtp-password-file and --smtp-rate need --smtp: without it mails are captured in the inbox, not sent")
		}
		return t, nil
	}
	host, text, err := net.SplitHostPort(f.SMTP)
	if err != nil {
		return t, fmt.Errorf("--smtp must be HOST:PORT, not %q", f.SMTP)
	}
	port, err := strconv.Atoi(text)
	if err != nil || host == "" || port < 1 || port > 65535 {
		return t, fmt.Errorf("--smtp must be HOST:PORT, not %q", f.SMTP)
	}
	if f.SMTPRate < 0 {
		return t, fmt.Errorf("--smtp-rate must not be negative")
	}
	o := smtp.Options{Host: host, Port: port, Username: f.SMTPUser, Security: f.SMTPSecurity, Rate: f.SMTPRate}
	if f.SMTPPasswordFile != "" {
		password, err := os.ReadFile(f.SMTPPasswordFile)
		if err != nil {
			return t, fmt.Errorf("--smtp-password-file: %w", err)
		}
		o.Password = strings.TrimRight(string(password), "\r\n")
	}
	t.Mailer, err = smtp.New(o)
	return t, err
}
