// Package intake takes over a real Statuspage page: it reads captures of its public JSON (files,
// folders or a base URL), checks them whole, and writes what they say, as they say it, in steps
// of at most 100 table actions. It derives nothing, notifies nobody and publishes nothing; run
// twice it writes once, run again after a crash it completes. The command line calls it.
package intake

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"allclear/internal/status"
	"allclear/internal/store"
)

// Options of one import.
type Options struct {
	// Sources are files, folders (read with all that is below them) and http or https URLs: the
	// address of a status page, or of one document of it.
	Sources []string
	// Page is the id of the page to import into; "" means the captured page if it exists here,
	// else the only page there is.
	Page string
	// Progress, if set, hears of every step: how many are done, of how many, and what comes next.
	Progress func(done, total int, what string)
	// HTTP fetches URLs; nil means a client with a timeout of a minute.
	HTTP *http.Client
	// MaxBytes bounds one file or answer; 0 means DefaultMaxBytes.
	MaxBytes int64
}

// DefaultMaxBytes is the size up to which one capture is read. Real ones stay below 1 MB.
const DefaultMaxBytes = 32 << 20

// Run imports. Nothing is written before every source was read and checked; a *Refusal says why
// they were not taken. Any other error may come after some steps: the Report then says what was
// written, and the same call again completes it.
func Run(ctx context.Context, s *store.Store, o Options) (Report, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Progress == nil {
		o.Progress = func(int, int, string) {}
	}
	report := &Report{}
	captures, err := readAll(ctx, o, report)
	if err != nil {
		return *report, err
	}
	merged, err := merge(captures, report)
	if err != nil {
		return *report, err
	}
	w := &writer{store: s, options: o, merged: merged, report: report}
	if err := w.write(ctx); errors.As(err, new(*Refusal)) {
		return *report, err
	} else if err != nil {
		return *report, fmt.Errorf("import page %s: %w", merged.page.id, err)
	}
	report.Complete = true
	return *report, nil
}

// author is the actor of every imported event.
func author() status.Actor { return status.Actor{Kind: status.ActorImport, Name: "import"} }
