package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"allclear/internal/cloud"
	"allclear/internal/local"
	"allclear/internal/recovery"
	"allclear/internal/store"
)

// placeFlags are the flags of a command that works on a folder or on a stage in AWS.
type placeFlags struct {
	Data  string `help:"Folder that holds everything (data)." placeholder:"DIR" type:"path" xor:"place"`
	Stage string `help:"Stage deployed to AWS, instead of a folder; region and credentials are those of AWS's own tools." placeholder:"STAGE" xor:"place"`
}

// AfterApply gives the folder its default. As one of kong's it would count as given, beside --stage.
func (f *placeFlags) AfterApply() error {
	if f.Data == "" {
		f.Data = "data"
	}
	return nil
}

// place is one deployment: exactly one of the two is set.
type place struct {
	folder *local.Deployment
	stage  *cloud.Deployment
}

// open opens what is there already; nothing is made.
func (f placeFlags) open(ctx context.Context, logger *slog.Logger) (*place, error) {
	if f.Stage != "" {
		stage, err := cloud.Find(ctx, f.Stage)
		return &place{stage: stage}, err
	}
	folder, err := dataFlag{f.Data}.existing(logger)
	return &place{folder: folder}, err
}

func (p *place) close() {
	if p.folder != nil {
		p.folder.Close()
	}
}

func (p *place) store() *store.Store {
	if p.stage != nil {
		return p.stage.Store
	}
	return p.folder.Store
}

// audience are the subscribers of the place.
func (p *place) audience() (*store.Audience, error) {
	if p.folder != nil {
		return p.folder.Audience, nil
	}
	if p.stage.Audience == nil {
		return nil, fmt.Errorf("stage %s has no subscribers: it is older than this program; deploy again", p.stage.Stage)
	}
	return p.stage.Audience, nil
}

// page is the page of the place, the first where there are several.
func (p *place) page(ctx context.Context) (string, error) {
	if p.folder != nil {
		return p.folder.Page(ctx, local.DefaultName)
	}
	pages, err := p.stage.Store.Pages(ctx)
	if err == nil && len(pages) == 0 {
		err = fmt.Errorf("stage %s has no page yet: deploy it first", p.stage.Stage)
	}
	if err != nil {
		return "", err
	}
	return pages[0], nil
}

func (p *place) announcer() recovery.Announcer {
	if p.stage != nil {
		return p.stage.Announcer()
	}
	return p.folder.Announcer()
}

// patience is how long a command waits for the deployed publisher. The stream is a matter of
// seconds; when it is broken, the schedule comes by within a minute, and needs some time.
const patience = 3 * time.Minute

// follow has a committed version published, or waits until it is, and says so.
func (p *place) follow(ctx context.Context, page string, seq int64) error {
	if p.folder != nil {
		return p.folder.Publish(ctx)
	}
	fmt.Fprintf(os.Stderr, "Waiting for version %d to be published …\n", seq)
	published, err := p.stage.Settle(ctx, page, seq, patience)
	if err != nil {
		return err
	}
	if !published {
		return fmt.Errorf("version %d is committed, but not published after %s: see the alarms of stage %s and the log of allclear-%s-publish",
			seq, patience, p.stage.Stage, p.stage.Stage)
	}
	fmt.Printf("Version %d is published.\n", seq)
	return nil
}

// invoke runs a deployed function. When that fails, the end of its log goes to standard error.
func invoke(ctx context.Context, d *cloud.Deployment, function string, payload []byte) ([]byte, error) {
	answer, log, err := d.Invoke(ctx, function, payload)
	if failed := (*cloud.FunctionError)(nil); errors.As(err, &failed) && log != "" {
		fmt.Fprintln(os.Stderr, strings.TrimRight(log, "\n"))
	}
	return answer, err
}

// progress shows how far a step is, on one line of standard error.
func progress(step string, done, total int) {
	if total == 0 {
		fmt.Fprintf(os.Stderr, "\r%d %s ", done, step)
		return
	}
	fmt.Fprintf(os.Stderr, "\r%d of %d %s ", done, total, step)
	if done == total {
		fmt.Fprintln(os.Stderr)
	}
}
