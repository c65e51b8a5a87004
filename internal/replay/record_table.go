package replay

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/tools/txtar"

	"allclear/internal/memory"
	"allclear/internal/table"
)

// tableRecorder is a table that remembers what was written, and what was there before.
type tableRecorder struct {
	*memory.Table
	name string

	mu     sync.Mutex
	before map[table.Key]string // as text, "" for what was absent
}

// Write implements table.Table.
func (r *tableRecorder) Write(ctx context.Context, actions ...table.Action) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range actions {
		if _, known := r.before[a.Item.Key]; known || a.Kind == table.ActionCheck {
			continue
		}
		text, err := r.text(ctx, a.Item.Key)
		if err != nil {
			return err
		}
		r.before[a.Item.Key] = text
	}
	return r.Table.Write(ctx, actions...)
}

// text is an item as it stands, as indented JSON.
func (r *tableRecorder) text(ctx context.Context, key table.Key) (string, error) {
	items, err := r.Get(ctx, key)
	if err != nil || items[0] == nil {
		return "", err
	}
	attributes := maps.Clone(items[0].Attributes)
	if !items[0].Expires.IsZero() {
		attributes["expires"] = items[0].Expires.Format(time.RFC3339)
	}
	text, err := indent(attributes)
	return string(text), err
}

// forget begins a new record.
func (r *tableRecorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = map[table.Key]string{}
}

// files are the items that are different, by key.
func (r *tableRecorder) files(ctx context.Context) ([]txtar.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var files []txtar.File
	for _, key := range slices.SortedFunc(maps.Keys(r.before), byKey) {
		text, err := r.text(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case text == r.before[key]:
		case text == "":
			files = append(files, txtar.File{Name: "deleted " + r.name + " " + key.String()})
		default:
			files = append(files, txtar.File{Name: "item " + r.name + " " + key.String(), Data: []byte(text)})
		}
	}
	return files, nil
}

func byKey(a, b table.Key) int {
	return cmp.Or(strings.Compare(a.Partition, b.Partition), strings.Compare(a.Sort, b.Sort))
}
