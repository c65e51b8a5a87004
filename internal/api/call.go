package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"allclear/internal/status"
	"allclear/internal/store"
)

// call is one authenticated request.
type call struct {
	*handler
	r     *http.Request
	key   store.APIKey
	store *store.Store   // what this request reads and writes through, once it is authenticated
	once  once           // what its Idempotency-Key asks for
	body  map[string]any // of a request that writes; see decodeBody
}

// reply is an answer before it is sent. A nil body is no body.
type reply struct {
	status   int
	body     []byte
	replayed bool // given before for the same Idempotency-Key
}

// run brings a request through everything that is the same for all.
func (c *call) run(w http.ResponseWriter, do func(*call) (reply, error)) (reply, error) {
	now := c.handler.store.Now()
	if err := c.authenticate(now); err != nil {
		return reply{}, err
	}
	if err := c.limiter.take(c.key.Hash, now); err != nil {
		return reply{}, err
	}
	if c.writes() {
		raw, err := readAll(w, c.r)
		if err != nil {
			return reply{}, err
		}
		if c.once, err = onceOf(c.r, raw); err != nil {
			return reply{}, err
		}
		if c.r.Method != http.MethodDelete {
			if c.body, err = decodeBody(c.r.Header.Get("Content-Type"), raw); err != nil {
				return reply{}, err
			}
			if err := refuseNUL("", c.body); err != nil {
				return reply{}, err
			}
		}
	}
	return do(c)
}

// writes tells whether the request may change something.
func (c *call) writes() bool { return c.r.Method != http.MethodGet && c.r.Method != http.MethodHead }

func (c *call) ctx() context.Context { return c.r.Context() }

// id is a part of the path, "" when it cannot be an id and so names nothing.
func (c *call) id(name string) string {
	if id := c.r.PathValue(name); status.ValidID(id) {
		return id
	}
	return ""
}

func (c *call) pageID() (string, error) {
	if id := c.id("page"); id != "" {
		return id, nil
	}
	return "", status.NotFoundf("page not found")
}

// page reads the page that the path names.
func (c *call) page() (status.Page, error) {
	id, err := c.pageID()
	if err != nil {
		return status.Page{}, err
	}
	return c.store.Page(c.ctx(), id)
}

// view reads what most answers are made from: the page and its configuration.
func (c *call) view() (view, error) {
	page, err := c.page()
	if err != nil {
		return view{}, err
	}
	cfg, err := c.store.Configuration(c.ctx(), page.ID)
	if err != nil {
		return view{}, err
	}
	return c.viewOf(page, cfg), nil
}

func (c *call) viewOf(page status.Page, cfg *status.Configuration) view {
	return view{page: page, cfg: cfg, zone: page.Location(), publicURL: c.publicURL()}
}

// found answers a read.
func found(v any) (reply, error) {
	body, err := encode(v)
	return reply{status: http.StatusOK, body: body}, err
}

// encode leaves <, > and & as they are: the answer is JSON that no browser will take for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b.Bytes(), nil
}

func (a reply) write(w http.ResponseWriter) {
	if a.replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // whoever asked has gone
}
