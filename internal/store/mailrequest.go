package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// MailKind is a mail about a subscription itself.
type MailKind string

// The kinds of mail that can be asked for.
const (
	MailConfirm MailKind = "confirm" // the link that confirms
	MailManage  MailKind = "manage"  // the link to what was chosen
	MailFailing MailKind = "failing" // its endpoint is posted to no more
)

// Valid tells whether k is a known kind.
func (k MailKind) Valid() bool { return k == MailConfirm || k == MailManage || k == MailFailing }

// MailState is how far a request has come.
type MailState string

// The states of a request.
const (
	MailAsked   MailState = "asked"
	MailClaimed MailState = "claimed" // somebody sends it, or has
)

// MailRequest asks for one mail to a subscriber. It is put if absent and carries its day, so there
// is one of a kind a day at most; its insert is what the sender of such mails is woken by.
type MailRequest struct {
	Page       string    `json:"page"`
	Subscriber string    `json:"subscriber"`
	Kind       MailKind  `json:"kind"`
	Date       string    `json:"date"` // YYYY-MM-DD, UTC
	State      MailState `json:"state"`
	At         time.Time `json:"at"`
	Failing    *Failing  `json:"failing,omitempty"` // what a mail of kind MailFailing tells
}

// Failing is what the owner of an endpoint is told when it is posted to no more.
type Failing struct {
	Host   string    `json:"host"`   // of the endpoint; its path may be a secret
	Since  time.Time `json:"since"`  // its first failure after it last took a message
	Reason string    `json:"reason"` // what it answered last, in our words
}

// mailRequestKept is how long a request can be found after its day.
const mailRequestKept = 7 * 24 * time.Hour

// Asked says what became of the wish for a mail.
type Asked string

// What can become of it.
const (
	NotAsked      Asked = ""         // nobody wished for one
	AskedNow      Asked = "now"      // it is asked for
	AskedToday    Asked = "today"    // it had been asked for already today: one a day at most
	AskedLater    Asked = "waiting"  // the daily cap is reached: it waits for its turn
	AskedTomorrow Asked = "tomorrow" // the address was asked to confirm something else today: it waits for the next day
)

// ErrClaimed says that a mail is being sent by somebody else, or was sent.
var ErrClaimed = errors.New("store: mail request is claimed")

// mailActions ask for a mail within limits. Confirmations that a limit holds back wait, and the
// subscriber is kept until they have left; anything else is then a *LimitedError.
func (a *Audience) mailActions(ctx context.Context, s *status.Subscriber, b Beside, now time.Time) ([]table.Action, Asked, error) {
	kind, limits := b.Mail, b.Limits
	request := MailRequest{
		Page: s.Page, Subscriber: s.ID, Kind: kind, Date: now.Format(status.DateLayout), State: MailAsked, At: now, Failing: b.Failing,
	}
	items, err := a.table.Get(ctx, request.item().Key)
	if err != nil {
		return nil, NotAsked, fmt.Errorf("get mail request: %w", err)
	}
	if items[0] != nil {
		return nil, AskedToday, nil
	}
	line := forPeople
	if b.Patient {
		line, limits = forLists, forLists.shares(limits)
	}
	if kind == MailConfirm {
		limits = append([]Limit{oneConfirmation(s.Email)}, limits...)
	}
	actions, err := a.limitActions(ctx, limits, now)
	if limited := (*LimitedError)(nil); errors.As(err, &limited) && kind == MailConfirm {
		switch limited.Name {
		case LimitConfirmations:
			return line.join(s, now), AskedLater, s.StandInLine(now)
		case LimitMail:
			return line.join(s, limited.Until), AskedTomorrow, s.StandInLine(now)
		case LimitAddress, LimitNetwork, LimitDomain:
		}
	}
	if err != nil {
		return nil, NotAsked, err
	}
	if kind == MailConfirm && s.StandsInLine() {
		err = s.AwaitConfirmation(now)
	}
	return append(actions, table.Put(request.item(), table.Absent())), AskedNow, err
}

// IsMailRequest tells whether a key is that of a MAILREQUEST# item.
func IsMailRequest(key table.Key) bool { return strings.HasPrefix(key.Sort, PrefixMailRequest) }

// DecodeMailRequest reads a MAILREQUEST# item, also one that came through the stream.
func DecodeMailRequest(item *table.Item) (MailRequest, error) {
	r, err := decode[MailRequest](item.Attributes)
	if err != nil {
		return MailRequest{}, fmt.Errorf("decode %s: %w", item.Key, err)
	}
	if r.Page == "" || r.Subscriber == "" || !r.Kind.Valid() || r.Date == "" {
		return MailRequest{}, fmt.Errorf("decode %s: page, subscriber, kind or date is missing", item.Key)
	}
	if (r.Kind == MailFailing) != (r.Failing != nil) {
		return MailRequest{}, fmt.Errorf("decode %s: kind %s and failing do not go together", item.Key, r.Kind)
	}
	return r, nil
}

// PendingMail lists requests in one part of a page that nobody has claimed, oldest subscriber id
// first: what a sender that died has left. It reads the requests of the last days only.
func (a *Audience) PendingMail(ctx context.Context, page string, part int) ([]MailRequest, error) {
	items, err := table.All(ctx, a.table, table.Prefix(AudiencePartition(page, part), PrefixMailRequest))
	if err != nil {
		return nil, fmt.Errorf("list mail requests: %w", err)
	}
	var pending []MailRequest
	for i := range items {
		r, err := DecodeMailRequest(&items[i])
		if err != nil {
			return nil, err
		}
		if r.State == MailAsked {
			pending = append(pending, r)
		}
	}
	return pending, nil
}

// ClaimMail makes the caller the only one to send a requested mail; for everybody else it is
// ErrClaimed. To be sure that a mail is never sent twice, who dies with a claim leaves it unsent.
func (a *Audience) ClaimMail(ctx context.Context, r MailRequest) error {
	return a.moveMail(ctx, r, MailAsked, MailClaimed)
}

// ReleaseMail gives a claim back: the mail was refused and certainly not sent.
func (a *Audience) ReleaseMail(ctx context.Context, r MailRequest) error {
	return a.moveMail(ctx, r, MailClaimed, MailAsked)
}

// RenewMail asks once more, today, for a mail that was asked for on an earlier day and never sent.
// The old request is closed, and put under today's date unless there is one already, so whenever
// the mail leaves it is the one of that day. A confirmation counts as that of its address today; if
// that was asked to confirm something else, it waits for the next day. It is ErrClaimed when the old
// request is no longer open.
func (a *Audience) RenewMail(ctx context.Context, r MailRequest) error {
	return a.retry(ctx, "renew mail request", func() error {
		items, err := a.table.Get(ctx, r.item().Key, subscriberKey(r.Page, r.Subscriber))
		if err != nil {
			return err
		}
		if items[0] == nil || items[0].Attributes["state"] != string(MailAsked) {
			return ErrClaimed
		}
		closed := r
		closed.State = MailClaimed
		actions := []table.Action{table.Put(closed.item(), table.Equals("state", string(MailAsked)))}
		if items[1] == nil {
			return a.table.Write(ctx, actions...)
		}
		s, err := decodeSubscriber(items[1])
		if err != nil {
			return err
		}
		if r.Kind == MailConfirm && s.State != status.Unconfirmed {
			return a.table.Write(ctx, actions...)
		}
		version := s.Version
		today, became, err := a.mailActions(ctx, s, Beside{Mail: r.Kind, Failing: r.Failing}, a.Now())
		if err != nil {
			return err
		}
		actions = append(actions, today...)
		if became == AskedTomorrow {
			actions = append(actions, subscriberActions(s, version)...)
		}
		return a.table.Write(ctx, actions...)
	})
}

// item is the request as it is kept.
func (r MailRequest) item() table.Item {
	return table.Item{Key: mailRequestKey(r.Page, r.Subscriber, r.Kind, r.Date), Attributes: encode(r), Expires: r.At.Add(mailRequestKept)}
}

func (a *Audience) moveMail(ctx context.Context, r MailRequest, from, to MailState) error {
	r.State = to
	err := a.table.Write(ctx, table.Put(r.item(), table.Equals("state", string(from))))
	if condition := (*table.ConditionError)(nil); errors.As(err, &condition) {
		return ErrClaimed
	}
	if err != nil {
		return fmt.Errorf("move mail request to %s: %w", to, err)
	}
	return nil
}
