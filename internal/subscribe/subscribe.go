// Package subscribe is what visitors subscribe with: an ordinary http.Handler of Statuspage's
// /api/v2/subscribers.json and of forms that work without JavaScript, for subscribing, confirming,
// managing and unsubscribing; and where they read what webhooks get. It writes to the Audience and sends nothing; mails are asked for there.
// It answers the same, and as late, whether an address is known or not, and never 403 or 404: those
// the CDN turns into pages of the site. Behind API Gateway it runs through internal/lambdahttp.
package subscribe

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"allclear/internal/link"
	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
)

// Options of the handler. Store, Audience and Links are needed; everything else has a default.
type Options struct {
	Store    *store.Store
	Audience *store.Audience
	Links    *link.Signer
	// Page is the id of the page to subscribe to; "" is the first that there is.
	Page string
	// PublicURL is the address of the page, without a trailing slash.
	PublicURL func() string
	// MailFrom is the sender of pages that name none. A page without any takes no subscriptions: the
	// mails that confirm them could not leave, and people would wait for them.
	MailFrom string
	// Site names the built files that make the forms look like the page.
	Site page.Site
	// Endpoints says where webhooks may lead; its zero value is right for the Internet.
	Endpoints webhook.Rules
	// Viewer is the network address that a request came from, "" when it is not known. nil is
	// the other end of the connection.
	Viewer func(*http.Request) string
	// Limits bound what strangers can cause; zero fields are those of DefaultLimits.
	Limits Limits
	// Wait waits before an answer leaves, so that its time tells nothing; nil is for real. Only
	// where nobody asks who must not know may it be something else.
	Wait func(context.Context, time.Duration)
	// Logger is told of failures on our side; nil is slog.Default().
	Logger *slog.Logger
}

type handler struct {
	Options
	routes map[string]route
}

// New makes the handler of /subscribe, /subscriptions/… and /api/v2/subscribers….
func New(o Options) http.Handler {
	h := &handler{Options: o}
	h.Limits = o.Limits.orDefault()
	if h.PublicURL == nil {
		h.PublicURL = func() string { return "" }
	}
	if h.Viewer == nil {
		h.Viewer = Viewer
	}
	if h.Wait == nil {
		h.Wait = wait
	}
	h.Logger = cmp.Or(o.Logger, slog.Default())
	h.routes = map[string]route{
		link.PathSubscribe:   {http.MethodGet: h.showForm, http.MethodPost: h.subscribe},
		link.PathConfirm:     {http.MethodGet: h.askConfirm, http.MethodPost: h.confirm},
		link.PathManage:      {http.MethodGet: h.showManage, http.MethodPost: h.manage},
		link.PathUnsubscribe: {http.MethodGet: h.askUnsubscribe, http.MethodPost: h.unsubscribe},
		link.PathWebhooks:    {http.MethodGet: h.showWebhooks},
	}
	return h
}

// route are the methods of a path. Each gives the whole answer, or an error that becomes one.
type route map[string]func(*request) (answer, error)

// request is one being answered.
type request struct {
	*http.Request
	page status.Page // that is subscribed to
}

// ServeHTTP implements http.Handler.
//
// A request that comes twice is harmless: an address is subscribed once, and mailed about it once a day,
// by conditional writes; confirming, saving the same choices and leaving find their work done and
// answer as before; and looking changes nothing.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimRight(r.URL.Path, "/")
	if isAPI(path) {
		h.serveAPI(w, r, path)
		return
	}
	h.servePages(w, r, path)
}

// thePage is the page that is subscribed to.
func (h *handler) thePage(ctx context.Context) (status.Page, error) {
	id := h.Page
	if id == "" {
		ids, err := h.Store.Pages(ctx)
		if err != nil {
			return status.Page{}, err
		}
		if len(ids) == 0 {
			return status.Page{}, &status.Error{Code: status.Unavailable, Message: "There is no status page here yet"}
		}
		id = ids[0]
	}
	page, err := h.Store.Page(ctx, id)
	if s := &page.Settings; h.MailFrom == "" && s.NotificationsFromEmail == "" {
		s.AllowEmailSubscribers, s.AllowWebhookSubscribers = false, false
	}
	return page, err
}
