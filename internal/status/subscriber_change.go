package status

import (
	"slices"
	"time"
)

// QuarantineReason says why a subscriber is not told anything more.
type QuarantineReason string

// The reasons. After a bounce or complaint nothing is ever mailed to the address again.
const (
	Bounced    QuarantineReason = "bounce"    // the address does not exist
	Complained QuarantineReason = "complaint" // its owner called a mail spam
	Failing    QuarantineReason = "failing"   // the endpoint or mailbox took no message for days
	Gone       QuarantineReason = "gone"      // the endpoint said 410
)

// QuarantineReasons are all there are.
func QuarantineReasons() []QuarantineReason {
	return []QuarantineReason{Bounced, Complained, Failing, Gone}
}

// Valid tells whether r is a known reason.
func (r QuarantineReason) Valid() bool { return slices.Contains(QuarantineReasons(), r) }

// Final tells whether the reason forbids to try again.
func (r QuarantineReason) Final() bool { return r == Bounced || r == Complained }

func (s *Subscriber) refuse(format string, args ...any) error {
	return Invalidf("subscriber", format, args...)
}

// Confirm makes an unconfirmed subscriber active. An active one stays as it is, so that a link
// may be followed twice.
func (s *Subscriber) Confirm(now time.Time) error {
	switch s.State {
	case Active:
		return nil
	case Unconfirmed:
		s.State, s.ConfirmedAt, s.PurgeAt, s.UpdatedAt = Active, new(now), nil, now
		return nil
	case Quarantined, Unsubscribed:
		return s.refuse("can't be confirmed: it is %s", s.State)
	default:
		return s.refuse("can't be confirmed: it is in no known state")
	}
}

// Unsubscribe ends a subscription and forgets the address and everything chosen: what stays says
// only that somebody was there. It revokes every link. Doing it again changes nothing.
func (s *Subscriber) Unsubscribe(now time.Time) {
	if s.State == Unsubscribed {
		return
	}
	*s = Subscriber{
		ID: s.ID, Page: s.Page, Version: s.Version, Mode: s.Mode, State: Unsubscribed, Incident: s.Incident,
		Components: []string{}, Kinds: []NoticeKind{}, Secrets: []Secret{}, Quiet: s.Quiet, Origin: s.Origin,
		CreatedAt: s.CreatedAt, UpdatedAt: now, UnsubscribedAt: new(now), PurgeAt: new(now.Add(UnsubscribedFor)),
		Generation: s.Generation + 1,
	}
}

// FollowedLongEnough tells whether a subscription to one incident has come to its end, when that has
// been over since a time; the zero time is of one that was deleted.
func (s *Subscriber) FollowedLongEnough(over, now time.Time) bool {
	return s.Incident != "" && !now.Before(over.Add(FollowedFor))
}

// Quarantine stops a subscriber that cannot be reached. A reason that is final stays.
func (s *Subscriber) Quarantine(reason QuarantineReason, now time.Time) error {
	switch {
	case !reason.Valid():
		return s.refuse("can't be quarantined for %q", Cut(string(reason), 100))
	case s.State == Unsubscribed:
		return s.refuse("can't be quarantined: it is unsubscribed")
	case s.State == Quarantined:
		if reason.Final() && !s.Reason.Final() {
			s.Reason, s.UpdatedAt = reason, now
		}
		return nil
	}
	s.State, s.Reason, s.UpdatedAt = Quarantined, reason, now
	s.QuarantinedAt, s.PurgeAt = new(now), new(now.Add(QuarantinedFor))
	return nil
}

// Reactivate takes a subscriber out of quarantine, back to where it was before: active if it had
// been confirmed. After a bounce or complaint that cannot be.
func (s *Subscriber) Reactivate(now time.Time) error {
	switch {
	case s.State != Quarantined:
		return s.refuse("can't be reactivated: it is not quarantined")
	case s.Reason == Bounced:
		return s.refuse("can't be reactivated: mail to its address bounced")
	case s.Reason == Complained:
		return s.refuse("can't be reactivated: its owner complained of a mail")
	}
	s.State, s.PurgeAt = Active, nil
	if s.ConfirmedAt == nil {
		s.State, s.PurgeAt = Unconfirmed, new(now.Add(UnconfirmedFor))
	}
	s.Reason, s.QuarantinedAt, s.Returned, s.UpdatedAt = "", nil, nil, now
	return nil
}

// Choose sets what a subscriber hears of: components and groups, none for the whole page, and
// kinds, none for all. What is chosen already changes nothing.
func (s *Subscriber) Choose(components []string, kinds []NoticeKind, now time.Time) error {
	switch {
	case s.State == Unsubscribed:
		return s.refuse("can't be changed: it is unsubscribed")
	case s.Incident != "" && len(components) > 0:
		return Invalidf("component_ids", "can't be given for a subscriber of one incident")
	case len(components) > maxChosen:
		return Invalidf("component_ids", "are too many (%d, at most %d)", len(components), maxChosen)
	}
	for _, k := range kinds {
		if !k.Valid() {
			return Invalidf("kinds", "has an unknown kind: %q", Cut(string(k), 100))
		}
		if k == ComponentNotices && s.Mode != ModeWebhook {
			return Invalidf("kinds", "can have %s for webhooks only", ComponentNotices)
		}
	}
	chosen, heard := distinct(components), distinct(kinds)
	if !slices.Equal(chosen, s.Components) || !slices.Equal(heard, s.Kinds) || s.Components == nil || s.Kinds == nil {
		s.Components, s.Kinds, s.UpdatedAt = chosen, heard, now
	}
	return nil
}

// AwaitConfirmation starts the time anew in which an unconfirmed subscriber is kept: a mail is
// about to ask it once more.
func (s *Subscriber) AwaitConfirmation(now time.Time) error {
	if s.State != Unconfirmed {
		return s.refuse("is not waiting for a confirmation: it is %s", s.State)
	}
	s.PurgeAt, s.UpdatedAt = new(now.Add(UnconfirmedFor)), now
	return nil
}

// StandInLine keeps an unconfirmed subscriber until its confirmation mail has its turn, however long
// that takes. AwaitConfirmation ends it.
func (s *Subscriber) StandInLine(now time.Time) error {
	if s.State != Unconfirmed {
		return s.refuse("is not waiting for a confirmation: it is %s", s.State)
	}
	if s.PurgeAt != nil {
		s.PurgeAt, s.UpdatedAt = nil, now
	}
	return nil
}

// StandsInLine tells whether it waits for its confirmation mail.
func (s *Subscriber) StandsInLine() bool { return s.State == Unconfirmed && s.PurgeAt == nil }

// Revoke makes every link that was mailed before worthless.
func (s *Subscriber) Revoke(now time.Time) {
	s.Generation++
	s.UpdatedAt = now
}

// Rotate adds a secret that signs webhooks from now on, too. The one before it goes on signing, so
// that a receiver can change over; older ones cease.
func (s *Subscriber) Rotate(secret string, now time.Time) error {
	switch {
	case s.Mode != ModeWebhook:
		return s.refuse("has no signing secret: it is no webhook")
	case s.State == Unsubscribed:
		return s.refuse("can't be changed: it is unsubscribed")
	case secret == "":
		return s.refuse("needs a new signing secret")
	}
	s.Secrets = append([]Secret{{Text: secret, CreatedAt: now}}, s.Secrets[:min(len(s.Secrets), MaxSecrets-1)]...)
	s.UpdatedAt = now
	return nil
}

// distinct is a list without what it has twice, in its order, never nil.
func distinct[T comparable](list []T) []T {
	found := make([]T, 0, len(list))
	for _, e := range list {
		if !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	return found
}
