package hooks_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"allclear/internal/status"
)

var numbered = regexp.MustCompile(`Number \d+`)

// told are the updates that the taken posts tell, in the order in which they stand there.
func told(posts []received) (updates [][]string) {
	for _, p := range posts {
		updates = append(updates, numbered.FindAllString(p.body, -1))
	}
	return updates
}

// A chat that is down for any of five updates hears of each of them exactly once, also of those that
// it missed, and never of an older one in a later message.
func TestAChatThatWasDownIsToldWhatItMissedOnce(t *testing.T) {
	const updates = 5
	for down := range 1 << updates {
		d := newDesk(t)
		s := d.subscribes("/slack", func(s *status.Subscriber) { s.Mode = status.ModeSlack })
		var taken []received
		incident := ""
		for n := range updates {
			state := status.Investigating
			if n == updates-1 {
				state = status.Resolved
			}
			var seq int64
			incident, seq = d.posts(incident, state, fmt.Sprintf("Number %d", n))
			d.answer = nil
			if down>>n&1 == 1 {
				d.answers(http.StatusServiceUnavailable)
			}
			before := len(d.got)
			d.handles(chunk(incident, seq, s.ID))
			d.handles(chunk(incident, seq, s.ID))
			if down>>n&1 == 0 {
				taken = append(taken, d.got[before:]...)
			}
		}
		before := len(d.got)
		d.answer = nil
		d.until(d.now.Add(10 * time.Minute))
		taken = append(taken, d.got[before:]...)
		var heard []string
		for _, list := range told(taken) {
			slices.Reverse(list) // a message begins with the newest
			heard = append(heard, list...)
		}
		want := []string{"Number 0", "Number 1", "Number 2", "Number 3", "Number 4"}
		if !slices.Equal(heard, want) {
			t.Errorf("down %05b: got %v, want each once, in order", down, told(taken))
		}
	}
}

func TestAChatIsToldTheUpdateOfTheEventAndNotWhatCameAfterItInSilence(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/slack", func(s *status.Subscriber) { s.Mode = status.ModeSlack })
	d.answers(http.StatusServiceUnavailable)
	incident, seq := d.posts("", status.Investigating, "Number 0")
	d.handles(chunk(incident, seq, s.ID))
	d.whispers(incident, "Number 1")
	d.answer = nil
	d.until(d.now.Add(time.Hour))
	if got := told(d.got); len(got) != 2 || !slices.Equal(got[1], []string{"Number 0"}) {
		t.Errorf("got %v, want the update that was to be told", got)
	}
	_, seq = d.posts(incident, status.Resolved, "Number 2")
	d.handles(chunk(incident, seq, s.ID))
	if got := told(d.got); len(got) != 3 || !slices.Equal(got[2], []string{"Number 2"}) {
		t.Errorf("got %v, want the new update without the silent one", got)
	}
}

func TestWhoSubscribedLaterMissedNothing(t *testing.T) {
	d := newDesk(t)
	incident, _ := d.posts("", status.Investigating, "Number 0")
	d.now = d.now.Add(time.Minute)
	s := d.subscribes("/slack", func(s *status.Subscriber) { s.Mode = status.ModeSlack })
	_, seq := d.posts(incident, status.Identified, "Number 1")
	d.handles(chunk(incident, seq, s.ID))
	if got := told(d.got); len(got) != 1 || !slices.Equal(got[0], []string{"Number 1"}) {
		t.Errorf("got %v, want only what came after", got)
	}
}

func TestAChatThatComesBackFromQuarantineIsToldWhatItMissed(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/slack", func(s *status.Subscriber) { s.Mode = status.ModeSlack })
	incident, seq := d.posts("", status.Investigating, "Number 0")
	d.handles(chunk(incident, seq, s.ID))
	d.answers(http.StatusNotFound)
	_, seq = d.posts(incident, status.Identified, "Number 1")
	d.handles(chunk(incident, seq, s.ID))
	d.until(d.now.Add(100 * time.Hour))
	if got := d.subscriber(s.ID).State; got != status.Quarantined {
		t.Fatalf("got %s, want it quarantined", got)
	}
	d.reactivates(s.ID)
	d.answer = nil
	_, seq = d.posts(incident, status.Resolved, "Number 2")
	d.handles(chunk(incident, seq, s.ID))
	if got := told(d.got); !slices.Equal(got[len(got)-1], []string{"Number 2", "Number 1"}) {
		t.Errorf("got %v at last, want what it missed too", got[len(got)-1])
	}
}

// Many chats of one event that missed the same take one read of it, and one of the event before.
func TestChatsThatMissedTheSameGetTheSameBytes(t *testing.T) {
	d := newDesk(t)
	var all []*status.Subscriber
	for n := range 10 {
		all = append(all, d.subscribes(fmt.Sprintf("/slack/%d", n), func(s *status.Subscriber) { s.Mode = status.ModeSlack }))
	}
	incident, seq := d.posts("", status.Investigating, "Number 0")
	for _, s := range all {
		d.handles(chunk(incident, seq, s.ID))
	}
	d.posts(incident, status.Identified, "Number 1")
	_, seq = d.posts(incident, status.Monitoring, "Number 2")
	d.reads = 0
	for _, s := range all {
		d.handles(chunk(incident, seq, s.ID))
	}
	if want := len([]string{"event", "page", "configuration", "incident", "page", "the event before"}); d.reads != want {
		t.Errorf("got %d reads, want %d", d.reads, want)
	}
	d.receives(20)
	for _, r := range d.got[10:] {
		if r.body != d.got[10].body || !strings.Contains(r.body, "Number 1") {
			t.Errorf("got %s, want what was missed, and the same for all", r.body)
		}
	}
}
