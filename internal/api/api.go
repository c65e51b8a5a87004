// Package api is the operator API: an ordinary http.Handler that follows version 1 of Atlassian
// Statuspage's API for pages, components, component groups, incidents and subscribers. It
// authenticates, reads the request, applies the rules of internal/status and commits one transaction through
// internal/store; it renders, publishes and sends nothing. Behind API Gateway it runs through
// internal/lambdahttp, on a laptop it is mounted as it is.
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"

	"allclear/internal/store"
	"allclear/internal/webhook"
)

// Options of the API. Store and Audience are needed; everything else has a default.
type Options struct {
	Store    *store.Store
	Audience *store.Audience
	// Endpoints says where webhooks may lead; its zero value is right for the Internet.
	Endpoints webhook.Rules
	// DailyConfirmations is how many confirmation mails a page asks for a day at most; 0 is
	// store.DefaultDailyConfirmations.
	DailyConfirmations int64
	// Evidence counts deliveries; without it their path is not there.
	Evidence Evidence
	// PublicURL is the address of the public page, without a trailing slash: shortlinks lead there.
	PublicURL func() string
	// RateLimit is how many requests a key may make per minute, 0 for any number. It is kept in
	// the memory of the handler, so each instance of a function counts for itself.
	RateLimit int
	// Logger is told of failures on our side; nil is slog.Default().
	Logger *slog.Logger
	// RequestID names a request in the answer to a failure and in the log; "" or nil is a random name.
	RequestID func(context.Context) string
}

type handler struct {
	store         *store.Store
	audience      *store.Audience
	endpoints     webhook.Rules
	confirmations int64 // a day
	counts        *counts

	publicURL func() string
	limiter   *limiter
	logger    *slog.Logger
	requestID func(context.Context) string
	routes    http.Handler
}

// New makes the handler of every path under /v1.
func New(o Options) http.Handler {
	h := &handler{
		store: o.Store, audience: o.Audience, endpoints: o.Endpoints,
		confirmations: cmp.Or(o.DailyConfirmations, store.DefaultDailyConfirmations),
		publicURL:     o.PublicURL, logger: o.Logger, requestID: o.RequestID,
	}
	if h.publicURL == nil {
		h.publicURL = func() string { return "" }
	}
	if h.logger == nil {
		h.logger = slog.Default()
	}
	if o.Evidence != nil {
		h.counts = newCounts(o.Evidence)
	}
	if o.RateLimit > 0 {
		h.limiter = newLimiter(o.RateLimit)
	}
	h.routes = h.mux()
	return h
}

// ServeHTTP answers with JSON whatever happens.
//
// A request that comes twice is harmless where it says so itself: with an Idempotency-Key it has one
// effect and one answer, kept in one transaction; see call.commit. Without one it is two requests, as
// on Statuspage: two incidents, or two updates. Nothing on the way here repeats a request by itself.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer") // an address may hold a key
	header.Set("X-Content-Type-Options", "nosniff")
	defer h.recoverPanic(w, r)
	path, ok := plainPath(r.URL.Path)
	if !ok {
		h.refuse(w, r, errNoSuchPath)
		return
	}
	plain := r.WithContext(r.Context())
	u := *r.URL
	u.Path, u.RawPath = path, ""
	plain.URL = &u
	h.routes.ServeHTTP(w, plain)
}
