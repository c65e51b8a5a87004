package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/txtar"

	"allclear/internal/queue"
	queuememory "allclear/internal/queue/memory"
	topicmemory "allclear/internal/topic/memory"
	"allclear/internal/webhook/sender"
)

// queueFiles are the messages of a queue. Parts of the audience are walked at once, so they have no
// order of their own.
func queueFiles(name string, q *queuememory.Queue) ([]txtar.File, error) {
	messages := q.Take()
	slices.SortFunc(messages, func(a, b queue.Message) int { return strings.Compare(a.Body, b.Body) })
	var files []txtar.File
	for _, m := range messages {
		text, err := opened(m.Body)
		if err != nil {
			return nil, err
		}
		if m.Delay > 0 {
			text = append(fmt.Appendf(nil, "delay: %s\n\n", m.Delay), text...)
		}
		files = append(files, txtar.File{Name: "message to " + name, Data: text})
	}
	return files, nil
}

// topicFiles are the messages of a topic, with the attributes that filters look at.
func topicFiles(name string, t *topicmemory.Topic) ([]txtar.File, error) {
	var files []txtar.File
	for _, m := range t.Take() {
		var text []byte
		for _, attribute := range slices.Sorted(maps.Keys(m.Attributes)) {
			a := m.Attributes[attribute]
			text = fmt.Appendf(text, "%s: %s %s\n", attribute, a.Type(), a.Value())
		}
		body, err := opened(m.Body)
		if err != nil {
			return nil, err
		}
		files = append(files, txtar.File{Name: "message to " + name, Data: append(append(text, '\n'), body...)})
	}
	return files, nil
}

// poster takes whatever is posted, and posts nothing.
type poster struct {
	mu    sync.Mutex
	posts []sender.Post
}

// Send implements hooks.Poster.
func (p *poster) Send(_ context.Context, post sender.Post) sender.Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posts = append(p.posts, post)
	return sender.Result{Outcome: sender.Delivered, Status: 204}
}

// files are the posts with the headers that they bring, and forgets them.
func (p *poster) files() ([]txtar.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var files []txtar.File
	for _, post := range p.posts {
		var text []byte
		for _, name := range slices.Sorted(maps.Keys(post.Headers)) {
			text = fmt.Appendf(text, "%s: %s\n", name, post.Headers[name])
		}
		body, err := opened(string(post.Body))
		if err != nil {
			return nil, err
		}
		files = append(files, txtar.File{Name: "post to " + post.Endpoint.URL(), Data: append(append(text, '\n'), body...)})
	}
	p.posts = nil
	return files, nil
}

// opened indents a text of JSON.
func opened(text string) ([]byte, error) {
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("show message: it is not JSON: %.100q", text)
	}
	return indent(json.RawMessage(text))
}
