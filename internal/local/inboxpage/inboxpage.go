// Package inboxpage shows the mails that a laptop captured instead of sending: a list, each mail as
// its HTML, its text and its headers, the list as JSON, the raw messages. A mail may hold anything:
// its HTML runs no script and loads nothing, in a frame of its own. The links in it are keys to
// subscriptions, so only this machine is answered. internal/local serves it under /inbox.
package inboxpage

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"allclear/internal/mailer/inbox"
)

// Mails is what is shown: an *inbox.Inbox.
type Mails interface {
	List() []inbox.Summary
	Read(id string) (inbox.Mail, error)
	Raw(id string) ([]byte, error)
}

// Path is where the list is; the mails are below it, and the list as JSON is at Path + ".json".
const Path = "/inbox"

const (
	pathStyle  = Path + ".css"
	pathJSON   = Path + ".json"
	suffixRaw  = ".eml"
	suffixHTML = ".html"
)

// Policies. The HTML of a mail may only be looked at, and open links elsewhere.
const (
	policyPage = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; frame-src 'self'; style-src 'self'"
	sandbox    = "allow-popups allow-popups-to-escape-sandbox"
	policyMail = "sandbox " + sandbox + "; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; " +
		"img-src data:; style-src 'unsafe-inline'"
)

type handler struct {
	mails  Mails
	logger *slog.Logger
}

// New makes the handler of everything under Path. A nil logger is slog.Default().
func New(mails Mails, logger *slog.Logger) http.Handler {
	if logger == nil {
		logger = slog.Default()
	}
	return &handler{mails, logger}
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policyPage)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	switch {
	case !fromHere(r):
		refuse(w, http.StatusForbidden, "The inbox is for this machine only")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "Method not allowed")
		return
	}
	contentType, body, err := h.find(r.URL.Path, header)
	if errors.Is(err, inbox.ErrNotFound) {
		refuse(w, http.StatusNotFound, "There is no such mail, or no more")
		return
	}
	if err != nil {
		h.logger.ErrorContext(r.Context(), "inbox not shown", "error", err)
		refuse(w, http.StatusInternalServerError, "The mail cannot be read")
		return
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody is left to be told
	}
}

// find makes what an address shows.
func (h *handler) find(path string, header http.Header) (contentType string, body []byte, err error) {
	const page = "text/html; charset=utf-8"
	switch path {
	case Path, Path + "/":
		return page, listPage(h.mails.List()), nil
	case pathJSON:
		body, err = json.Marshal(h.mails.List())
		return "application/json; charset=utf-8", append(body, '\n'), err
	case pathStyle:
		return "text/css; charset=utf-8", []byte(style), nil
	}
	name, ok := strings.CutPrefix(path, Path+"/")
	if !ok {
		return "", nil, inbox.ErrNotFound
	}
	if id, ok := strings.CutSuffix(name, suffixRaw); ok {
		body, err = h.mails.Raw(id)
		return "message/rfc822", body, err
	}
	id, frame := strings.CutSuffix(name, suffixHTML)
	mail, err := h.mails.Read(id)
	if err != nil {
		return "", nil, err
	}
	if frame {
		header.Set("Content-Security-Policy", policyMail)
		body, err = framed(mail.HTML)
		return page, body, err
	}
	return page, mailPage(mail), nil
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, message)
}

// fromHere tells whether a request was made on this machine, and to it by an address: a name that
// somebody points here would let their page read the inbox. What a proxy hands on was made
// elsewhere, whatever host the proxy names.
func fromHere(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}
