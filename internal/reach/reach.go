// Package reach answers, from the tables, what a worker has to know before it sends: which events
// of a subject are to be told, and whether a subscriber is to hear of one. It decides by the rules
// of internal/status, writes nothing and sends nothing. The functions mail and webhook give it to
// internal/deliver and internal/hooks.
package reach

import (
	"context"
	"slices"
	"sync"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Reader implements deliver.Incidents and deliver.Subscribers. It is safe for concurrent use.
type Reader struct {
	Pages    *store.Store
	Audience *store.Audience
	Modes    []status.Mode // those that this worker serves; all others are not wanted

	mu      sync.Mutex
	notices map[noticeKey]status.Notice
	layouts map[string]layout // by page
}

var (
	_ deliver.Incidents                       = (*Reader)(nil)
	_ deliver.Subscribers[*status.Subscriber] = (*Reader)(nil)
)

// noticeKey names what one event says of one subject.
type noticeKey struct {
	page, subject string
	seq           int64
}

// layout is a configuration as it was read, and for what it may be used.
type layout struct {
	cfg   *status.Configuration
	seq   int64 // it is not older than this event
	until time.Time
}

// Bounds of what a Reader keeps between calls.
const (
	keptNotices = 256
	keptLayout  = 10 * time.Second // which group a component is in
)

// Wants reads a subscriber and answers the newest of the versions that it is to hear of. The read
// is consistent, and nothing of a subscriber is kept, so who has left is not wanted from that
// moment on. False is for who is unknown, not confirmed before the event, quarantined, unsubscribed,
// suppressed, not interested, or reached in another way than this worker's.
func (r *Reader) Wants(ctx context.Context, page, subject, subscriber string, versions []deliver.Version) (*status.Subscriber, deliver.Version, bool, error) {
	no := func(err error) (*status.Subscriber, deliver.Version, bool, error) {
		return nil, deliver.Version{}, false, err
	}
	s, err := r.Audience.Subscriber(ctx, page, subscriber)
	if status.IsNotFound(err) {
		return no(nil)
	}
	if err != nil || s.State != status.Active || !slices.Contains(r.Modes, s.Mode) {
		return no(err)
	}
	newest, wanted, err := r.newest(ctx, page, subject, s, versions)
	if err != nil || !wanted {
		return no(err)
	}
	if s.Mode == status.ModeEmail {
		suppression, err := r.Audience.Suppressed(ctx, s.Email)
		if err != nil || suppression != nil {
			return no(err)
		}
	}
	return s, newest, true, nil
}

// newest finds the newest version that a subscriber wants.
func (r *Reader) newest(ctx context.Context, page, subject string, s *status.Subscriber, versions []deliver.Version) (deliver.Version, bool, error) {
	for _, v := range slices.Backward(versions) {
		n, ok, err := r.notice(ctx, noticeKey{page, subject, v.Seq})
		if err != nil {
			return deliver.Version{}, false, err
		}
		if !ok {
			continue
		}
		cfg := status.NewConfiguration()
		if len(s.Components) > 0 {
			if cfg, err = r.configuration(ctx, page, v.Seq); err != nil {
				return deliver.Version{}, false, err
			}
		}
		if s.Wants(n, cfg) {
			return v, true, nil
		}
	}
	return deliver.Version{}, false, nil
}

// configuration reads a page's components as they were after an event or later; at most every few
// seconds, since a worker asks once for each recipient. What matters here is which there are, and
// which group each is in.
func (r *Reader) configuration(ctx context.Context, page string, seq int64) (*status.Configuration, error) {
	now := r.Pages.Now()
	r.mu.Lock()
	kept, ok := r.layouts[page]
	r.mu.Unlock()
	if ok && kept.seq >= seq && now.Before(kept.until) {
		return kept.cfg, nil
	}
	before, err := r.Pages.Page(ctx, page)
	if err != nil {
		return nil, err
	}
	cfg, err := r.Pages.Configuration(ctx, page)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.layouts == nil {
		r.layouts = map[string]layout{}
	}
	r.layouts[page] = layout{cfg, before.Seq, now.Add(keptLayout)}
	return cfg, nil
}
