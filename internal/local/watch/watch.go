// Package watch shows what is published on a laptop's topic, one message a line, as another team's
// program would get it. It takes nothing away: functions get their messages all the same. allclear
// events calls it.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"allclear/internal/local/broker"
)

// Topic lists what was published. *broker.Topic is one.
type Topic interface {
	Since(ctx context.Context, after string, limit int) ([]broker.Message, error)
	Newest(ctx context.Context) (string, error)
}

// Options say what to show.
type Options struct {
	Since  time.Time // leave out what was published before; zero: what is there already
	Follow bool      // go on, until ctx ends, with what is published from now on
	// Pause waits before the topic is looked at again; nil for half a second. Another process
	// publishes, so nothing else says when.
	Pause func(ctx context.Context) error
}

// atOnce is how many messages are read in one go.
const atOnce = 100

// Events writes the bodies of messages in the order of their publication, each on a line of its own:
// they are JSON without line breaks. The end of ctx is the end of a watch, and no error.
func Events(ctx context.Context, t Topic, out io.Writer, o Options) error {
	err := events(ctx, t, out, o)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func events(ctx context.Context, t Topic, out io.Writer, o Options) error {
	after := ""
	if o.Since.IsZero() {
		var err error
		if after, err = t.Newest(ctx); err != nil {
			return err
		}
	}
	for {
		list, err := t.Since(ctx, after, atOnce)
		if err != nil {
			return err
		}
		for _, m := range list {
			after = m.Handle
			if m.Sent.Before(o.Since) {
				continue
			}
			if _, err := fmt.Fprintln(out, m.Body); err != nil {
				return fmt.Errorf("write event: %w", err)
			}
		}
		if len(list) == atOnce {
			continue
		}
		if !o.Follow {
			return nil
		}
		if err := o.pause(ctx); err != nil {
			return err
		}
	}
}

func (o Options) pause(ctx context.Context) error {
	if o.Pause != nil {
		return o.Pause(ctx)
	}
	timer := time.NewTimer(time.Second / 2)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
