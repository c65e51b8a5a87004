package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"allclear/internal/table"
)

// LimitName says what a Limit counts.
type LimitName string

// What is counted. Subjects are hashed before they become a key.
const (
	LimitAddress       LimitName = "address"       // of somebody who subscribes
	LimitNetwork       LimitName = "network"       // where they come from: an IP prefix
	LimitDomain        LimitName = "domain"        // of the address
	LimitConfirmations LimitName = "confirmations" // confirmation mails of a page
	LimitMail          LimitName = "mail"          // confirmation mails to an address
)

// Limit says how often something may be done in a window of time. Windows are laid end to end from
// 1970, so a day is one in UTC.
type Limit struct {
	Name    LimitName
	Subject string // an address, a network, a domain, a page
	Window  time.Duration
	Most    int64
}

// DefaultDailyConfirmations is how many confirmation mails a page sends a day at most unless it is
// told otherwise: enough for a busy day, too few to harm a sender's name when somebody plays tricks.
const DefaultDailyConfirmations = 1000

// DailyConfirmations is the cap on confirmation mails of a page.
func DailyConfirmations(page string, most int64) Limit {
	return Limit{Name: LimitConfirmations, Subject: page, Window: 24 * time.Hour, Most: most}
}

// oneConfirmation is the cap on confirmation mails to an address, whatever it is to confirm: nobody
// who did not ask for them gets more than one a day.
func oneConfirmation(email string) Limit {
	return Limit{Name: LimitMail, Subject: strings.ToLower(email), Window: 24 * time.Hour, Most: 1}
}

// LimitedError says which limit is reached, and until when.
type LimitedError struct {
	Name  LimitName
	Until time.Time
}

func (e *LimitedError) Error() string {
	return fmt.Sprintf("limit of %s is reached until %s", e.Name, e.Until.Format(time.RFC3339))
}

const attributeCount = "count"

// Take counts one use of every limit, or of none: then the error is a *LimitedError.
func (a *Audience) Take(ctx context.Context, limits ...Limit) error {
	return a.retry(ctx, "count limits", func() error {
		actions, err := a.limitActions(ctx, limits, a.Now())
		if err != nil || len(actions) == 0 {
			return err
		}
		return a.table.Write(ctx, actions...)
	})
}

// limitActions count one use of every limit. An item of an earlier window is another item, and
// each expires with its window.
func (a *Audience) limitActions(ctx context.Context, limits []Limit, now time.Time) ([]table.Action, error) {
	keys := make([]table.Key, len(limits))
	for i, l := range limits {
		keys[i] = limitKey(l, now)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	items, err := a.table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	actions := make([]table.Action, len(limits))
	for i, l := range limits {
		end := now.Truncate(l.Window).Add(l.Window)
		count := int64(0)
		if items[i] != nil {
			count, _ = items[i].Attributes[attributeCount].(int64)
		}
		if count >= l.Most {
			return nil, &LimitedError{Name: l.Name, Until: end}
		}
		if items[i] == nil {
			first := table.Item{Key: keys[i], Attributes: table.Attributes{attributeCount: int64(1)}, Expires: end}
			actions[i] = table.Put(first, table.Absent())
		} else {
			actions[i] = table.Add(keys[i], attributeCount, 1, table.Present(), table.BelowOrAbsent(attributeCount, l.Most))
		}
	}
	return actions, nil
}

// Left is how often something may still be done in the present window.
func (a *Audience) Left(ctx context.Context, l Limit) (int64, error) {
	items, err := a.table.Get(ctx, limitKey(l, a.Now()))
	if err != nil {
		return 0, fmt.Errorf("read limits: %w", err)
	}
	if items[0] == nil {
		return max(l.Most, 0), nil
	}
	count, _ := items[0].Attributes[attributeCount].(int64)
	return max(l.Most-count, 0), nil
}
