package loop

import (
	"context"
	"time"

	"allclear/internal/stream"
	"allclear/internal/wiring"
)

// schedule invokes one function at a fixed rate.
type schedule struct {
	function function
	name     string
	rate     time.Duration
	draining <-chan struct{}
}

func newSchedule(l *Loop, f function, s wiring.Schedule) *schedule {
	rate := s.Rate
	if l.options.Tick > 0 {
		rate = l.options.Tick
	}
	return &schedule{function: f, name: s.Name, rate: rate, draining: l.draining}
}

// run fires until ctx ends or the loop drains. Unlike EventBridge it does not start a run beside
// one that is still going: a time that falls into it is left out.
func (s *schedule) run(ctx context.Context) {
	ticker := time.NewTicker(s.rate)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.draining:
			return
		case <-ticker.C:
		}
		if isClosed(s.draining) {
			return
		}
		s.function.asynchronously(ctx, s.event())
	}
}

// event is what EventBridge sends for a schedule:
// https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-scheduled.html.
func (s *schedule) event() []byte {
	return encode(struct {
		Version    string    `json:"version"`
		ID         string    `json:"id"`
		DetailType string    `json:"detail-type"`
		Source     string    `json:"source"`
		Account    string    `json:"account"`
		Time       time.Time `json:"time"`
		Region     string    `json:"region"`
		Resources  []string  `json:"resources"`
		Detail     struct{}  `json:"detail"`
	}{
		Version: "0", ID: s.function.options.NewID(), DetailType: "Scheduled Event", Source: "aws.events",
		Account: account, Time: s.function.options.Now().UTC().Truncate(time.Second), Region: stream.Region,
		Resources: []string{"arn:aws:events:" + stream.Region + ":" + account + ":rule/" + s.name},
	})
}
