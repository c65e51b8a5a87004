package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"allclear/internal/bucket"
)

// bucketRecorder is a bucket that remembers what was put and deleted.
type bucketRecorder struct {
	bucket.Bucket
	puts []put
}

type put struct {
	path    string
	object  bucket.Object
	deleted bool
}

func (r *bucketRecorder) Put(ctx context.Context, path string, o bucket.Object, c bucket.Condition) (bucket.Info, error) {
	info, err := r.Bucket.Put(ctx, path, o, c)
	if err == nil {
		r.puts = append(r.puts, put{path: path, object: o})
	}
	return info, err
}

func (r *bucketRecorder) Delete(ctx context.Context, path string) error {
	r.puts = append(r.puts, put{path: path, deleted: true})
	return r.Bucket.Delete(ctx, path)
}

// files tells the puts in their order. Only the documents of single incidents and the page's
// status are told whole: the others repeat them, and have golden files of their own.
func (r *bucketRecorder) files() []txtar.File {
	if len(r.puts) == 0 {
		return nil
	}
	var list strings.Builder
	var whole []txtar.File
	for _, e := range r.puts {
		if e.deleted {
			fmt.Fprintf(&list, "DELETE %s\n", e.path)
			continue
		}
		fmt.Fprintf(&list, "PUT %s  %s  %s  seq=%d\n", e.path, e.object.ContentType, e.object.CacheControl, e.object.Seq)
		if e.path == "api/v2/status.json" || (strings.HasPrefix(e.path, "api/v2/incidents/") && !slices.Contains(
			[]string{"api/v2/incidents/unresolved.json", "api/v2/incidents/resolved.json"}, e.path)) {
			var v any
			if json.Unmarshal(e.object.Body, &v) == nil {
				if text, err := indent(v); err == nil {
					whole = append(whole, txtar.File{Name: "document " + e.path, Data: text})
				}
			}
		}
	}
	return append([]txtar.File{{Name: "documents", Data: []byte(list.String())}}, whole...)
}
