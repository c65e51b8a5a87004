package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"allclear/internal/address"
	"allclear/internal/status"
	"allclear/internal/store"
)

type subscribersAllowCommand struct {
	placeFlags
	Address    string `arg:"" help:"The address."`
	OwnerAsked bool   `help:"You state that its owner asked for mails again, and that the mailbox is there."`
}

var errOwnerAsked = errors.New("an address is suppressed because mail to it bounced or its owner complained of one, " +
	"and mailing it against their will harms the delivery to everybody else: " +
	"add --owner-asked to state that its owner asked for mails again and that the mailbox is there (nothing was changed)")

func (c *subscribersAllowCommand) Run(ctx context.Context, logger *slog.Logger) error {
	if !c.OwnerAsked {
		return errOwnerAsked
	}
	p, err := c.open(ctx, logger)
	if err != nil {
		return err
	}
	defer p.close()
	return c.run(ctx, p, os.Stdout)
}

// run writes no address: what is printed is kept where nobody thinks of it.
func (c *subscribersAllowCommand) run(ctx context.Context, p *place, out io.Writer) error {
	if !c.OwnerAsked {
		return errOwnerAsked
	}
	parsed, err := address.Parse(c.Address)
	if err != nil {
		return err
	}
	audience, err := p.audience()
	if err != nil {
		return err
	}
	page, err := p.page(ctx)
	if err != nil {
		return err
	}
	was, err := audience.Allow(ctx, page, parsed.String(), store.Audit{Action: store.AddressAllowed, Actor: shell})
	if err != nil && !status.IsNotFound(err) {
		return err
	}
	if err == nil {
		fmt.Fprintf(out, "The address may be mailed again: it was suppressed for a %s on %s. Nobody is subscribed by that.\n",
			was.Reason, was.At.Format(status.DateLayout))
	}
	left, lookup := p.barred(ctx, audience, parsed.String())
	stage := ""
	if p.stage != nil {
		stage = p.stage.Stage
	}
	if err == nil || stage != "" || len(left) > 0 {
		fmt.Fprint(out, remaining(stage, left))
	}
	return errors.Join(err, lookup)
}

// barred are the subscriptions by mail that stay quarantined for a bounce or complaint, though their
// address may be mailed again: those to pages, and to incidents that go on.
func (p *place) barred(ctx context.Context, audience *store.Audience, email string) (list []*status.Subscriber, err error) {
	pages, err := p.store().Pages(ctx)
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		open, err := p.store().Open(ctx, page)
		if err != nil {
			return list, err
		}
		to := []string{""}
		for _, i := range open {
			to = append(to, i.ID)
		}
		ids, err := audience.SubscribersAt(ctx, page, status.ModeEmail, email, to)
		if err != nil {
			return list, err
		}
		found, err := audience.ByID(ctx, page, ids)
		if err != nil {
			return list, err
		}
		for _, s := range found {
			if s.State == status.Quarantined && s.Reason.Final() {
				list = append(list, s)
			}
		}
	}
	return list, nil
}

// remaining says what is left to do before its owner can subscribe: on a stage also with SES, whose
// own list is of the whole account.
func remaining(stage string, barred []*status.Subscriber) string {
	var b strings.Builder
	b.WriteString("\nWhat remains:\n")
	for _, s := range barred {
		fmt.Fprintf(&b, "- Delete the subscription that stays quarantined: DELETE /v1/pages/%s/subscribers/%s\n", s.Page, s.ID)
	}
	if stage != "" {
		b.WriteString("- Take the address off SES's own list, which is of the account; that it is not found there is fine:\n" +
			"    aws sesv2 delete-suppressed-destination --email-address ADDRESS\n")
	}
	b.WriteString("- Its owner subscribes as anybody else, and confirms.\n")
	return b.String()
}
