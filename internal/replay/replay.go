// Package replay runs sample events from events/ through the real handlers, on a small page in
// memory with a fixed clock, and shows every effect as one readable text: the answer, the items
// that changed, the documents that were put. The texts are golden files, so a sample is a test,
// and the same sample can be sent to a deployed function.
package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"
	"golang.org/x/tools/txtar"

	"allclear/internal/api"
	"allclear/internal/customresource"
	"allclear/internal/keys"
	"allclear/internal/lambdahttp"
	"allclear/internal/page"
	"allclear/internal/setup"
	"allclear/internal/stream"
)

// Sample is one event of one source.
type Sample struct {
	Source  string // folder of events/: "http", "dynamodb", "schedule"
	Name    string // file name without ".json": "incident-created"
	Payload []byte
}

// Read reads a sample from EVENTS/<source>/<name>.json.
func Read(file string) (Sample, error) {
	payload, err := os.ReadFile(file)
	if err != nil {
		return Sample{}, fmt.Errorf("read sample: %w", err)
	}
	if !json.Valid(payload) {
		return Sample{}, fmt.Errorf("read sample %s: it is not JSON", file)
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return Sample{}, fmt.Errorf("read sample: %w", err)
	}
	return Sample{
		Source:  filepath.Base(filepath.Dir(absolute)),
		Name:    strings.TrimSuffix(filepath.Base(absolute), ".json"),
		Payload: payload,
	}, nil
}

// File runs one sample with what has to happen before it and answers its effects.
func File(ctx context.Context, file string) (string, error) {
	sample, err := Read(file)
	if err != nil {
		return "", err
	}
	w, err := newWorld(ctx)
	if err != nil {
		return "", err
	}
	// What a sample presupposes is itself a sample, in the folder beside.
	for _, before := range given[sample.Source+"/"+sample.Name] {
		s, err := Read(filepath.Join(filepath.Dir(filepath.Dir(file)), filepath.FromSlash(before)+".json"))
		if err != nil {
			return "", err
		}
		if _, err := w.invoke(ctx, s); err != nil {
			return "", fmt.Errorf("replay %s before %s: %w", before, sample.Name, err)
		}
	}
	effects, err := w.effects(ctx, sample)
	if err != nil {
		return "", fmt.Errorf("replay %s/%s: %w", sample.Source, sample.Name, err)
	}
	return string(txtar.Format(effects)), nil
}

// given names the samples that must have run before another, so that what it speaks of is there.
var given = map[string][]string{
	"http/incident-update":         {"http/incident-create"},
	"http/incident-resolve":        {"http/incident-create"},
	"dynamodb/incident-created":    {"http/incident-create"},
	"dynamodb/incident-resolved":   {"http/incident-create", "http/incident-resolve"},
	"dynamodb/component-updated":   {"http/component-update"},
	"schedule/maintenance-started": {"http/maintenance-create"},
}

var functionOf = map[string]string{
	"http": "api", "dynamodb": "publish", "schedule": "tick", "cloudformation": "setup", "invoke": "keys",
}

// Function is the name in serverless.yml of the function that a source's samples go to.
func Function(source string) (string, error) {
	name, ok := functionOf[source]
	if !ok {
		return "", fmt.Errorf("no function takes samples of %q: want one of %s", source, strings.Join(slices.Sorted(maps.Keys(functionOf)), ", "))
	}
	return name, nil
}

// invoke runs the handler of a sample's source, exactly as Lambda would call it.
func (w *world) invoke(ctx context.Context, s Sample) ([]byte, error) {
	function, err := Function(s.Source)
	if err != nil {
		return nil, err
	}
	var handler any
	switch function {
	case "api":
		handler = lambdahttp.Handler(api.New(api.Options{
			Store: w.store, Audience: w.audience, PublicURL: func() string { return publicURL }, Logger: w.logger,
			RequestID: func(context.Context) string { return "sample" },
		}))
	case "publish":
		handler = stream.HandleBatch(w.publisher.HandleBatch)
	case "tick":
		handler = func(ctx context.Context, _ json.RawMessage) error { return w.ticker.Run(ctx) }
	case "setup":
		return w.setUp(ctx, s.Payload)
	case "keys":
		handler = keys.Handler(w.store, func() string { return "ac_sample" })
	}
	return lambda.NewHandler(handler).Invoke(ctx, s.Payload)
}

// setUp answers what is sent to the URL of the event, where a stack waits for it.
func (w *world) setUp(ctx context.Context, payload []byte) (answer []byte, err error) {
	files, err := fs.Sub(sampleSite, "site")
	if err != nil {
		return nil, fmt.Errorf("read sample site: %w", err)
	}
	s := &setup.Setup{
		Store: w.store, Bucket: w.bucket, Secrets: w.secrets, Files: files,
		Site: page.Site{Scripts: []string{"/assets/main-sample.js"}}, OneByOne: true, Logger: w.logger,
	}
	send := func(_ context.Context, r *cfn.Response) (err error) {
		answer, err = json.Marshal(r)
		return err
	}
	h := lambda.NewHandler(customresource.Handler(s.Do, customresource.Options{Logger: w.logger, Send: send}))
	_, err = h.Invoke(ctx, payload)
	return answer, err
}

// effects runs a sample and tells what is different afterwards.
func (w *world) effects(ctx context.Context, s Sample) (*txtar.Archive, error) {
	before, err := w.items(ctx)
	if err != nil {
		return nil, err
	}
	w.bucket.puts = nil
	answer, failure := w.invoke(ctx, s)
	archive := &txtar.Archive{Comment: fmt.Appendf(nil, "%s/%s\n", s.Source, s.Name)}
	switch {
	case failure != nil:
		archive.Files = append(archive.Files, txtar.File{Name: "failure", Data: []byte(failure.Error() + "\n")})
	case len(answer) > 0:
		text, err := pretty(answer)
		if err != nil {
			return nil, err
		}
		archive.Files = append(archive.Files, txtar.File{Name: "answer", Data: text})
	}
	after, err := w.items(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range changedKeys(before, after) {
		text := after[key]
		if text == "" {
			archive.Files = append(archive.Files, txtar.File{Name: "deleted " + key, Data: nil})
			continue
		}
		archive.Files = append(archive.Files, txtar.File{Name: "item " + key, Data: []byte(text)})
	}
	archive.Files = append(archive.Files, w.bucket.files()...)
	return archive, nil
}

func changedKeys(before, after map[string]string) []string {
	var keys []string
	for key, text := range after {
		if before[key] != text {
			keys = append(keys, key)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
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
