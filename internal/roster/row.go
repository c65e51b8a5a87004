package roster

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"allclear/internal/address"
	"allclear/internal/status"
	"allclear/internal/webhook"
)

// entry is what a row asks for.
type entry struct {
	want      status.Subscriber
	confirmed bool // its owner's will is known
	kinds     bool // the list says what to hear of
}

// reading turns rows into entries.
type reading struct {
	Options
	names names
}

func (r reading) entry(row row) (entry, error) {
	var e entry
	if row.err != nil {
		return e, row.err
	}
	if state := row.cells[columnState]; state == string(status.Quarantined) || state == string(status.Unsubscribed) {
		return e, fmt.Errorf("is %s in the list", state)
	}
	e.want = status.Subscriber{Page: r.Page, Origin: status.FromRoster}
	if err := r.address(&e.want, row); err != nil {
		return e, err
	}
	var err error
	if e.want.Components, err = r.chosen(row); err != nil {
		return e, err
	}
	for _, word := range split(row.cells[columnKinds]) {
		e.want.Kinds = append(e.want.Kinds, status.NoticeKind(strings.ToLower(word)))
	}
	e.kinds = len(e.want.Kinds) > 0
	e.confirmed, err = r.confirmed(row)
	e.confirmed = e.confirmed || e.want.Mode != status.ModeEmail // nothing there could read a confirmation
	return e, err
}

// subscriber makes the subscriber that an entry asks for.
func (r reading) subscriber(e entry) (*status.Subscriber, error) {
	if e.want.Mode == status.ModeWebhook {
		secret, err := webhook.NewSecret(rand.Reader)
		if err != nil {
			return nil, err
		}
		e.want.Secrets = []status.Secret{{Text: secret.Text(), CreatedAt: r.Audience.Now()}}
	}
	return status.NewSubscriber(e.want, e.confirmed, r.Audience.Stamp())
}

// address reads where it is reached.
func (r reading) address(want *status.Subscriber, row row) error {
	mode := status.Mode(strings.ReplaceAll(strings.ToLower(row.cells[columnType]), " ", "_"))
	email, endpoint := row.cells[columnEmail], row.cells[columnEndpoint]
	if either := row.cells[columnAddress]; either != "" {
		if strings.Contains(either, "://") {
			endpoint = either
		} else {
			email = either
		}
	}
	switch {
	case mode == "sms":
		return errors.New("has a type that is not possible here: subscribers by text message")
	case mode != "" && !mode.Valid():
		return fmt.Errorf("has an unknown type: %q", status.Cut(string(mode), 100))
	}
	shown := status.ModeEmail // what the address shows where the type says nothing
	if email != "" {
		parsed, err := address.Parse(email)
		if err != nil {
			return err
		}
		want.Email = parsed.String()
	}
	if endpoint != "" {
		parsed, err := r.Endpoints.ParseEndpoint("endpoint", endpoint)
		if err != nil {
			return err
		}
		want.Endpoint, shown = parsed.URL(), status.Mode(webhook.KindOf(parsed))
	}
	want.Mode = cmp.Or(mode, shown)
	if want.Address() == "" {
		return errors.New("has no address")
	}
	return nil
}

// chosen reads components and groups, by id or by name.
func (r reading) chosen(row row) ([]string, error) {
	ids := split(strings.ReplaceAll(row.cells[columnIDs], ",", listSeparator))
	for _, id := range ids {
		if !r.names.ids[id] {
			return nil, fmt.Errorf("names an unknown component: %q", status.Cut(id, 100))
		}
	}
	for _, name := range split(row.cells[columnNames]) {
		id, known := r.names.byName[name]
		switch {
		case !known:
			return nil, fmt.Errorf("names an unknown component: %q", status.Cut(name, 100))
		case id == "":
			return nil, fmt.Errorf("names a component of which there are several: %q; write its group before it, or use component_ids", status.Cut(name, 100))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// confirmed reads whether the owner's will is known; the operator's statement is for rows that do
// not say.
func (r reading) confirmed(row row) (bool, error) {
	for _, c := range []column{columnConfirmed, columnSkip, columnSkipNotice} {
		switch strings.ToLower(row.cells[c]) {
		case "":
			continue
		case "true", "t", "yes", "y", "1", "on":
			return true, nil
		case "false", "f", "no", "n", "0", "off":
			return false, nil
		default:
			return false, fmt.Errorf("must have true or false in column %s", c)
		}
	}
	return r.Confirmed, nil
}
