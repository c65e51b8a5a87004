package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	queuememory "allclear/internal/queue/memory"
)

// run gives a sample to a function, at the time that it brings with it, if that is yet to come.
func (w *world) run(ctx context.Context, function string, s Sample) ([]byte, error) {
	at, err := timeOf(s)
	if err != nil {
		return nil, err
	}
	if err := w.clock.Sleep(ctx, at); err != nil {
		return nil, err
	}
	return w.invoke(ctx, function, s.Payload)
}

// timeOf is when an event of the schedule or of a topic happened, zero for the others.
func timeOf(s Sample) (time.Time, error) {
	switch s.Source {
	case "schedule":
		var event struct {
			Time time.Time `json:"time"`
		}
		if err := json.Unmarshal(s.Payload, &event); err != nil {
			return time.Time{}, fmt.Errorf("read time: %w", err)
		}
		return event.Time, nil
	case "ses", "sns":
		var event struct {
			Records []struct {
				Sns struct{ Timestamp time.Time }
			}
		}
		if err := json.Unmarshal(s.Payload, &event); err != nil {
			return time.Time{}, fmt.Errorf("read Timestamp: %w", err)
		}
		if len(event.Records) > 0 {
			return event.Records[0].Sns.Timestamp, nil
		}
	}
	return time.Time{}, nil
}

// effects runs a sample and tells what is different afterwards.
func (w *world) effects(ctx context.Context, function string, s Sample) ([]txtar.File, error) {
	if err := w.forget(); err != nil {
		return nil, err
	}
	mailed := len(w.mailer.Sent())
	var files []txtar.File
	answer, failure := w.run(ctx, function, s)
	switch {
	case failure != nil:
		files = append(files, txtar.File{Name: "failure", Data: []byte(failure.Error() + "\n")})
	case len(answer) > 0:
		shown, err := answerFiles(answer)
		if err != nil {
			return nil, err
		}
		files = append(files, shown...)
	}
	for _, t := range w.tables {
		changed, err := t.files(ctx)
		if err != nil {
			return nil, err
		}
		files = append(files, changed...)
	}
	files = append(files, w.bucket.files()...)
	told, err := w.told(mailed)
	return append(files, told...), err
}

// told is what left the deployment, or waits to: messages, mails behind the first few, and posts.
func (w *world) told(mailed int) ([]txtar.File, error) {
	files, err := topicFiles(eventsTopic, w.events)
	if err != nil {
		return nil, err
	}
	for _, q := range []struct {
		name  string
		queue *queuememory.Queue
	}{{mailQueue, w.mail}, {webhookQueue, w.webhook}} {
		messages, err := queueFiles(q.name, q.queue)
		if err != nil {
			return nil, err
		}
		files = append(files, messages...)
	}
	mails, err := mailFiles(w.mailer.Sent()[mailed:])
	if err != nil {
		return nil, err
	}
	posts, err := w.poster.files()
	return append(append(files, mails...), posts...), err
}

// forget begins new records, so that effects are those of one run.
func (w *world) forget() error {
	for _, t := range w.tables {
		t.forget()
	}
	w.bucket.puts = nil
	_, err := w.told(len(w.mailer.Sent()))
	return err
}

// answerFiles are the answer and, apart from it, what is in the middle of the page that it brings.
// What is around it is on every page, and has goldens of its own where it is made.
func answerFiles(answer []byte) ([]txtar.File, error) {
	var v map[string]any
	if json.Unmarshal(answer, &v) == nil {
		body, _ := v["body"].(string)
		if _, main, ok := strings.Cut(body, "<main"); ok {
			main, _, _ = strings.Cut("<main"+main, "</main>")
			delete(v, "body")
			text, err := indent(v)
			return []txtar.File{{Name: "answer", Data: text}, {Name: "page", Data: []byte(main + "</main>\n")}}, err
		}
	}
	text, err := pretty(answer)
	return []txtar.File{{Name: "answer", Data: text}}, err
}

// pretty indents JSON and opens the JSON text that an HTTP answer carries as its body.
func pretty(text []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, errors.New("the answer is not JSON")
	}
	if m, ok := v.(map[string]any); ok {
		if body, ok := m["body"].(string); ok && json.Valid([]byte(body)) {
			m["body"] = json.RawMessage(body)
		}
	}
	return indent(v)
}
