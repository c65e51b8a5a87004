package api

import (
	"bytes"
	"net/http"
	"time"

	"allclear/internal/roster"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Limits of lists through the API; the command line takes lists of any size.
const (
	importTime = 8 * time.Second // a request is given no more; the answer says where to go on
	maxLines   = 10_000          // of a list: the report has a line for each, of 300 bytes at most
	maxExport  = 4 << 20         // bytes; Lambda's answers hold little more
)

// importJSON says what became of a list, line by line.
type importJSON struct {
	roster.Summary
	Complete bool          `json:"complete"`
	Lines    []roster.Line `json:"lines"`
}

// importSubscribers takes in a list as CSV. ?confirmed=true is the operator's statement that
// everybody on it wants this; ?from=N goes on at a line. Sending the same list again changes
// nothing more, so it needs no Idempotency-Key.
func (c *call) importSubscribers() (reply, error) {
	confirmed, err := c.truth("confirmed")
	if err != nil {
		return reply{}, err
	}
	from, err := c.number("from", 0)
	if err != nil {
		return reply{}, err
	}
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	if c.list == nil {
		return reply{}, malformed("The body must be a list with Content-Type: text/csv")
	}
	answer := importJSON{Lines: []roster.Line{}}
	answer.Summary, err = roster.Import(c.ctx(), bytes.NewReader(c.list), roster.Options{
		Audience: c.audience, Page: v.page.ID, Configuration: v.cfg, Actor: c.actor(), Confirmed: confirmed,
		DailyConfirmations: c.confirmations, Endpoints: c.endpoints,
		From: from, Most: maxLines, Until: c.audience.Now().Add(importTime),
		Report: func(l roster.Line) error { answer.Lines = append(answer.Lines, l); return nil },
	})
	if err != nil {
		return reply{}, err
	}
	answer.Complete = answer.Next == 0
	given := reply{status: http.StatusCreated}
	given.body, err = encode(answer)
	return given, err
}

// exportSubscribers gives out everybody who is subscribed, as CSV.
func (c *call) exportSubscribers() (reply, error) {
	page, err := c.page()
	if err != nil {
		return reply{}, err
	}
	var list capped
	count, err := roster.Export(c.ctx(), &list, c.audience, page.ID)
	if err != nil {
		return reply{}, err
	}
	audit := store.Audit{Action: store.SubscribersExported, Actor: c.actor(), Count: int64(count)}
	if err := c.audience.Record(c.ctx(), page.ID, audit); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: list.Bytes(), list: true}, nil
}

// capped is a buffer that refuses more than an answer can hold.
type capped struct{ bytes.Buffer }

func (b *capped) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxExport {
		return 0, &status.Error{Code: status.TooLarge, Message: "There are too many subscribers for one answer; use allclear subscribers export"}
	}
	return b.Buffer.Write(p)
}
