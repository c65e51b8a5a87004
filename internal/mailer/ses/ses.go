// Package ses is the mailer port on SES (its API version 1, whose raw messages can carry a
// List-Unsubscribe for each recipient). SES takes no idempotency token, so a call that may have been
// heard is never repeated: only what SES refused as too fast is sent again, and nothing else. The functions' main.go make a Mailer; nothing else imports it.
package ses

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/ses/types"

	"allclear/internal/mailer"
)

// Mailer sends through one account. It is safe for concurrent use.
//
// It holds the client's two methods and not the client, for the reason that internal/dynamo's Open gives.
type Mailer struct {
	send  func(context.Context, *ses.SendRawEmailInput, ...func(*ses.Options)) (*ses.SendRawEmailOutput, error)
	quota func(context.Context, *ses.GetSendQuotaInput, ...func(*ses.Options)) (*ses.GetSendQuotaOutput, error)

	configurationSet *string
	pause            time.Duration // after a first refusal as too fast; doubled after the next
}

var _ mailer.Mailer = (*Mailer)(nil)

// attempts is how often a message is offered that SES refuses as too fast.
const attempts = 3

// New makes the adapter. The configuration set, "" for none, publishes what becomes of each mail. It
// makes its own client of the configuration, so that nobody can give it one that repeats calls.
func New(config aws.Config, configurationSet string) *Mailer {
	client := ses.NewFromConfig(config, func(o *ses.Options) { o.Retryer = aws.NopRetryer{} })
	m := &Mailer{send: client.SendRawEmail, quota: client.GetSendQuota, pause: 250 * time.Millisecond}
	if configurationSet != "" {
		m.configurationSet = &configurationSet
	}
	return m
}

// Send implements mailer.Mailer. The id is SES's message id, which its events name.
func (m *Mailer) Send(ctx context.Context, message mailer.Message) (string, error) {
	if err := mailer.Validate(message); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", &mailer.Error{Outcome: mailer.Deferred, Err: err} // nobody was asked
	}
	ctx, cancel := context.WithTimeout(ctx, mailer.Timeout)
	defer cancel()
	input := &ses.SendRawEmailInput{
		Source: &message.From, Destinations: []string{message.To}, ConfigurationSetName: m.configurationSet,
		RawMessage: &types.RawMessage{Data: message.Raw}, Tags: tags(message.Tags),
	}
	for attempt := 1; ; attempt++ {
		out, err := m.send(ctx, input)
		if err == nil {
			return aws.ToString(out.MessageId), nil
		}
		o := outcome(err, message.From)
		if o != mailer.Throttled || attempt == attempts || !wait(ctx, m.pause<<(attempt-1)) {
			return "", &mailer.Error{Outcome: o, Err: err}
		}
	}
}

// wait is false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// tags are message tags in the order of their names.
func tags(byName map[string]string) []types.MessageTag {
	list := make([]types.MessageTag, 0, len(byName))
	for name, value := range byName {
		list = append(list, types.MessageTag{Name: &name, Value: &value})
	}
	slices.SortFunc(list, func(a, b types.MessageTag) int { return strings.Compare(*a.Name, *b.Name) })
	return list
}

// Quota implements mailer.Mailer. To ask twice changes nothing, so here the SDK repeats as it does.
func (m *Mailer) Quota(ctx context.Context) (mailer.Quota, error) {
	ctx, cancel := context.WithTimeout(ctx, mailer.Timeout)
	defer cancel()
	out, err := m.quota(ctx, &ses.GetSendQuotaInput{}, func(o *ses.Options) { o.Retryer = retry.NewStandard() })
	if err != nil {
		return mailer.Quota{}, fmt.Errorf("read sending quota: %w", err)
	}
	return mailer.Quota{Rate: out.MaxSendRate, Max24h: out.Max24HourSend, Sent24h: out.SentLast24Hours}, nil
}
