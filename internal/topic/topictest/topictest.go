// Package topictest is what every adapter of the topic port is held to: one body of tests, run by
// the adapter's own test against topics that it opens. It asks for nothing that SNS does not do: not
// for order, and it takes a message that comes twice for one.
package topictest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allclear/internal/topic"
)

// Harness is a new topic with one subscriber that wants everything.
type Harness struct {
	Topic topic.Topic
	// Receive gives what the subscriber got, at least one message if there is one. What it gave once
	// it does not give again.
	Receive func(t *testing.T) []topic.Message
}

// Run tests the topics that open returns; each must be new and is used by one test.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, h Harness)
	}{
		{"a message arrives as it was published", arrives},
		{"attributes arrive with their types", attributes},
		{"the largest message is taken", largest},
		{"what breaks a limit is refused", refusals},
		{"a cancelled context publishes nothing", cancelled},
		{"many publishers lose nothing", publishers},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func publish(t *testing.T, h Harness, m topic.Message) {
	t.Helper()
	if err := h.Topic.Publish(t.Context(), m); err != nil {
		t.Fatalf("Publish: %v", err)
	}
}

// expect receives until everything that is wanted came, and no more comes.
func expect(t *testing.T, h Harness, want ...topic.Message) {
	t.Helper()
	got := map[string]topic.Message{}
	for {
		messages := h.Receive(t)
		if len(messages) == 0 {
			break
		}
		for _, m := range messages {
			got[m.Body] = abridged(m)
		}
	}
	wanted := map[string]topic.Message{}
	for _, m := range want {
		wanted[m.Body] = abridged(m)
	}
	if len(got) != len(wanted) {
		t.Errorf("got %d messages, want %d", len(got), len(wanted))
	}
	for body, want := range wanted {
		if diff := cmp.Diff(want, got[body], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	}
}

// abridged is a message of which a difference can be read: bodies are compared by their place in a map.
func abridged(m topic.Message) topic.Message {
	if len(m.Body) > 100 {
		m.Body = fmt.Sprintf("%.60s … %d bytes", m.Body, len(m.Body))
	}
	return m
}

func arrives(t *testing.T, h Harness) {
	var want []topic.Message
	for _, body := range []string{"a", `{"event":"0kx1","n":1}`, "<&>\"'", " two\tlines\r\nand spaces ", "Ünïcödé \U0001F6A6 \u2028"} {
		m := topic.Message{Body: body}
		publish(t, h, m)
		want = append(want, m)
	}
	expect(t, h, want...)
}

func attributes(t *testing.T, h Harness) {
	m := topic.Message{Body: "x", Attributes: map[string]topic.Attribute{
		"page":         topic.Text("samplepage01"),
		"component-id": topic.List("aaaaaaaaaaaa", "bbbbbbbbbbbb"),
		"one":          topic.List("only"),
		"of.texts_2":   topic.List(`"quoted", [x]`, "ü <&>", ""),
		"like-a-list":  topic.Text(`["a"]`),
		"A0":           topic.Text(" <&> ü "),
	}}
	publish(t, h, m)
	expect(t, h, m)
}

func largest(t *testing.T, h Harness) {
	attribute := topic.Text(strings.Repeat("v", 1000))
	m := topic.Message{
		Body:       strings.Repeat("x", topic.MaxSize-len("name")-len("String")-1000),
		Attributes: map[string]topic.Attribute{"name": attribute},
	}
	publish(t, h, m)
	expect(t, h, m)
	m.Body += "x"
	if err := h.Topic.Publish(t.Context(), m); !errors.Is(err, topic.ErrInvalid) {
		t.Errorf("a byte more: got %v, want ErrInvalid", err)
	}
}

func refusals(t *testing.T, h Harness) {
	named := func(name string) topic.Message {
		return topic.Message{Body: "x", Attributes: map[string]topic.Attribute{name: topic.Text("v")}}
	}
	valued := func(a topic.Attribute) topic.Message {
		return topic.Message{Body: "x", Attributes: map[string]topic.Attribute{"name": a}}
	}
	for name, m := range map[string]topic.Message{
		"an empty body":       {},
		"a body not in UTF-8": {Body: "\xff"},
		"no name":             named(""),
		"a long name":         named(strings.Repeat("n", 257)),
		"a space in a name":   named("a b"),
		"a letter in a name":  named("ä"),
		"a dot in front":      named(".a"),
		"a dot behind":        named("a."),
		"two dots":            named("a..b"),
		"a reserved name":     named("AWS.x"),
		"another":             named("amazon.x"),
		"no value":            valued(topic.Attribute{}),
		"an empty value":      valued(topic.Text("")),
		"an empty list":       valued(topic.List()),
		"a value not UTF-8":   valued(topic.Text("\xff")),
		"a list not in UTF-8": valued(topic.List("a", "\xff")),
	} {
		if err := h.Topic.Publish(t.Context(), m); !errors.Is(err, topic.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	expect(t, h)
}

func cancelled(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Topic.Publish(ctx, topic.Message{Body: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	expect(t, h)
}

func publishers(t *testing.T, h Harness) {
	const number, each = 5, 4
	var want []topic.Message
	var group sync.WaitGroup
	for i := range number {
		for j := range each {
			want = append(want, topic.Message{Body: fmt.Sprintf("%d of %d", j, i)})
		}
		group.Go(func() {
			for j := range each {
				if err := h.Topic.Publish(t.Context(), topic.Message{Body: fmt.Sprintf("%d of %d", j, i)}); err != nil {
					t.Errorf("Publish: %v", err)
				}
			}
		})
	}
	group.Wait()
	expect(t, h, want...)
}
