package broker

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"allclear/internal/table"
	"allclear/internal/topic"
)

// Message is one message as who receives it sees it.
type Message struct {
	ID            string
	Handle        string // names this receipt of it, for Delete
	Body          string
	Attributes    map[string]topic.Attribute // of a topic's message only
	Sent          time.Time
	FirstReceived time.Time
	Receives      int    // this one included
	Source        string // in a dead-letter queue, the queue that it comes from
}

// item is a message as it is stored until due.
func (m Message) item(partition string, due time.Time) table.Item {
	attributes := table.Attributes{
		"id": m.ID, "body": m.Body, "sent": m.Sent.UnixMilli(), "receives": int64(m.Receives),
	}
	if !m.FirstReceived.IsZero() {
		attributes["first_received"] = m.FirstReceived.UnixMilli()
	}
	if m.Source != "" {
		attributes["source"] = m.Source
	}
	if len(m.Attributes) > 0 {
		stored := make(map[string]any, len(m.Attributes))
		for name, a := range m.Attributes {
			stored[name] = map[string]any{"type": a.Type(), "value": a.Value()}
		}
		attributes["attributes"] = stored
	}
	return table.Item{
		Key:        table.Key{Partition: partition, Sort: sortKey(due, m.ID)},
		Attributes: attributes, Expires: m.Sent.Add(retention),
	}
}

// read reads a stored message and when it comes, or came, into sight.
func read(item table.Item) (m Message, due time.Time, err error) {
	milliseconds, id, _ := strings.Cut(item.Sort, "#")
	n, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil {
		return Message{}, time.Time{}, fmt.Errorf("read message %s: %w", item.Key, err)
	}
	m = Message{ID: id, Handle: item.Sort}
	m.Body, _ = item.Attributes["body"].(string)
	m.Source, _ = item.Attributes["source"].(string)
	sent, _ := item.Attributes["sent"].(int64)
	m.Sent = time.UnixMilli(sent).UTC()
	receives, _ := item.Attributes["receives"].(int64)
	m.Receives = int(receives)
	if first, ok := item.Attributes["first_received"].(int64); ok {
		m.FirstReceived = time.UnixMilli(first).UTC()
	}
	stored, _ := item.Attributes["attributes"].(map[string]any)
	for name, v := range stored {
		pair, _ := v.(map[string]any)
		dataType, _ := pair["type"].(string)
		value, _ := pair["value"].(string)
		a, err := topic.Attributed(dataType, value)
		if err != nil {
			return Message{}, time.Time{}, fmt.Errorf("read message %s: attribute %s: %w", item.Key, name, err)
		}
		if m.Attributes == nil {
			m.Attributes = make(map[string]topic.Attribute, len(stored))
		}
		m.Attributes[name] = a
	}
	return m, time.UnixMilli(n).UTC(), nil
}
