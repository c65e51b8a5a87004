package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Audience reads and writes one Audience table: subscribers and what is asked for on their behalf.
// Make it with NewAudience.
type Audience struct {
	table table.Table
	now   func() time.Time
	newID func() string
}

// NewAudience makes an Audience on its table.
func NewAudience(t table.Table, o Options) *Audience {
	a := &Audience{table: t, now: o.Now, newID: o.NewID}
	if a.now == nil {
		a.now = time.Now
	}
	if a.newID == nil {
		a.newID = RandomID
	}
	return a
}

// Now is the audience's clock, in UTC milliseconds.
func (a *Audience) Now() time.Time { return status.Millis(a.now()) }

// Stamp is what a change of a subscriber needs.
func (a *Audience) Stamp() status.Stamp { return status.Stamp{Now: a.Now(), NewID: a.newID} }

// retry runs an attempt at a transaction until it meets no other one, a few times; then it gives
// up with a status.Error of code Conflict. The attempt reads anew each time.
func (a *Audience) retry(ctx context.Context, what string, attempt func() error) error {
	for n := range commitAttempts {
		if err := pause(ctx, n); err != nil {
			return err
		}
		err := attempt()
		if condition := (*table.ConditionError)(nil); errors.As(err, &condition) || errors.Is(err, table.ErrContention) {
			continue
		}
		if known := (*status.Error)(nil); err == nil || errors.As(err, &known) {
			return err
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return &status.Error{Code: status.Conflict, Message: "the subscriber is being changed by others; try again"}
}
