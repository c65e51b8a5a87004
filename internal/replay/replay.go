// Package replay runs sample events from events/ through the real handlers, on a small page in
// memory with a fixed clock, and shows every effect as one readable text: what each function
// answered, wrote, put, published, enqueued, mailed and posted. The texts are golden files, so a
// sample is a test, and the same sample can be sent to a deployed function.
package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"
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

// File runs one sample with what has to happen before it and answers its effects. A sample that goes
// to several functions is given to one after the other.
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
	if err := w.before(ctx, sample, filepath.Dir(filepath.Dir(file))); err != nil {
		return "", err
	}
	functions, err := Functions(sample)
	if err != nil {
		return "", err
	}
	archive := &txtar.Archive{Comment: fmt.Appendf(nil, "%s/%s\n", sample.Source, sample.Name)}
	for _, function := range functions {
		effects, err := w.effects(ctx, function, sample)
		if err != nil {
			return "", fmt.Errorf("replay %s/%s on %s: %w", sample.Source, sample.Name, function, err)
		}
		archive.Files = append(archive.Files, txtar.File{Name: "function " + function})
		archive.Files = append(archive.Files, effects...)
	}
	return string(txtar.Format(archive)), nil
}

// before runs the samples of a folder that a sample presupposes. Each has to succeed: what goes wrong
// unseen would be the effect of another.
func (w *world) before(ctx context.Context, s Sample, folder string) error {
	for _, name := range given[s.Source+"/"+s.Name] {
		before, err := Read(filepath.Join(folder, filepath.FromSlash(name)+".json"))
		if err != nil {
			return err
		}
		functions, err := Functions(before)
		if err != nil {
			return err
		}
		for _, function := range functions {
			answer, err := w.run(ctx, function, before)
			if err == nil {
				err = refusal(answer)
			}
			if err != nil {
				return fmt.Errorf("replay %s before %s: %w", name, s.Name, err)
			}
		}
	}
	return nil
}

// refusal is the error in an answer that is none of the function's as a whole.
func refusal(answer []byte) error {
	var a struct {
		StatusCode        int   `json:"statusCode"`
		BatchItemFailures []any `json:"batchItemFailures"`
	}
	switch err := json.Unmarshal(answer, &a); {
	case len(answer) > 0 && err != nil:
		return errors.New("the answer is not JSON")
	case a.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("it was answered with %d", a.StatusCode)
	case len(a.BatchItemFailures) > 0:
		return errors.New("a record or message failed")
	}
	return nil
}
