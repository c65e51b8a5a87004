package roster

import (
	"context"
	"errors"

	"allclear/internal/status"
	"allclear/internal/store"
)

// one takes in one row. The error is of the store; what is wrong with the row is in the line.
func (r reading) one(ctx context.Context, a asked) (Line, error) {
	line := Line{Number: a.line, Result: Skipped, Reason: a.reason}
	if a.reason != "" {
		return line, nil
	}
	s, beside := a.s, store.Beside{UnlessLeft: true}
	if s.State == status.Unconfirmed {
		beside.Patient = true
		beside.Mail, beside.Limits = store.MailConfirm, []store.Limit{store.DailyConfirmations(r.Page, r.DailyConfirmations)}
	}
	became, err := r.Audience.AddSubscriber(ctx, s, beside)
	var (
		taken      *store.TakenError
		left       *store.LeftError
		suppressed *store.SuppressedError
	)
	switch {
	case errors.As(err, &taken):
		return r.overwrite(ctx, line, taken.Subscriber, a)
	case errors.As(err, &left):
		line.Reason = "has unsubscribed on " + left.At.Format(status.DateLayout)
	case errors.As(err, &suppressed):
		line.Reason = "can't be subscribed: after a " + string(suppressed.Reason) + " its address is never mailed again"
	case err != nil:
		return Line{}, err
	default:
		line.Result, line.Subscriber = Added, s.ID
		switch became {
		case store.AskedNow, store.AskedToday:
			line.Reason = "is asked to confirm"
		case store.AskedLater:
			line.Reason = "will be asked to confirm as the daily cap allows"
		case store.AskedTomorrow:
			line.Reason = "will be asked to confirm tomorrow, since its address was asked for something else today"
		case store.NotAsked:
		}
	}
	return line, nil
}

// overwrite makes a subscriber that is there already what the row asks for. One that waits to
// confirm is not mailed again, and one in quarantine stays there.
func (r reading) overwrite(ctx context.Context, line Line, id string, a asked) (Line, error) {
	var before int64
	s, _, err := r.Audience.UpdateSubscriber(ctx, r.Page, id, store.Beside{}, func(s *status.Subscriber) error {
		before = s.Version
		kinds := s.Kinds
		if a.kinds {
			kinds = a.want.Kinds
		}
		now := r.Audience.Now()
		if err := s.Choose(a.want.Components, kinds, now); err != nil {
			return err
		}
		if a.confirmed && s.State == status.Unconfirmed {
			return s.Confirm(now)
		}
		return nil
	})
	line.Subscriber = id
	if known := (*status.Error)(nil); errors.As(err, &known) && known.Code != status.Conflict {
		line.Reason = known.Error() // it left a moment ago, or cannot hear of that
		return line, nil
	}
	if err != nil {
		return Line{}, err
	}
	if line.Result = Unchanged; s.Version != before {
		line.Result = Updated
	}
	if s.State == status.Quarantined {
		line.Reason = "is quarantined"
	}
	return line, nil
}
