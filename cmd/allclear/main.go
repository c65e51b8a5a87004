// Command allclear is the whole of allclear in one program: it serves a status page from one
// folder of data with the same handlers that run on Lambda, and does an operator's chores.
// It takes nothing from the environment, but with --stage what AWS's own tools take.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"allclear"
	"allclear/internal/cloud"
	"allclear/internal/local"
)

// options are the commands and their flags; each command is a file of this folder.
type options struct {
	Serve       serveCommand       `cmd:"" help:"Serve the page, the API and everything behind them."`
	Import      importCommand      `cmd:"" help:"Take over a Statuspage page from its public JSON."`
	Key         keyCommand         `cmd:"" help:"Make and list API keys; replace the one that signs links in mails."`
	Replay      replayCommand      `cmd:"" help:"Run sample events through the real handlers, in memory, and show what they do; or on a stage."`
	Cost        costCommand        `cmd:"" help:"Estimate what a month on AWS costs."`
	Subscribers subscribersCommand `cmd:"" help:"Take in and give out lists of subscribers; let an address be mailed again."`
	Events      eventsCommand      `cmd:"" help:"Show what happens, as other programs hear of it: one JSON document a line."`

	Recover recoverCommand `cmd:"" help:"Go on after data were restored: put them back, and publish them above all that is public."`
	Redrive redriveCommand `cmd:"" help:"Render again what changed in a window of time, and with --announce tell who was not told."`

	Verbose bool             `short:"v" help:"Log what happens, to standard error."`
	Version kong.VersionFlag `help:"Say which version this is."`
}

// version says from which commit the program was built, as far as the build knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "allclear, of an unknown version"
	}
	about := map[string]string{}
	for _, s := range info.Settings {
		about[s.Key] = s.Value
	}
	text := "allclear " + info.Main.Version
	if commit := about["vcs.revision"]; commit != "" {
		text += ", commit " + commit
	}
	if about["vcs.modified"] == "true" {
		text += ", with changes"
	}
	return text + ", " + info.GoVersion
}

// dataFlag is the flag of commands that work on a folder.
type dataFlag struct {
	Data string `help:"Folder that holds everything (${default})." default:"data" placeholder:"DIR" type:"path"`
}

// existing opens a folder that is there. Only serve and import begin a new one: where the name is
// mistyped, another command would work on an empty deployment and seem to have done its work.
func (f dataFlag) existing(logger *slog.Logger) (*local.Deployment, error) {
	if err := f.exists(); err != nil {
		return nil, err
	}
	return f.open(logger)
}

func (f dataFlag) exists() error {
	if _, err := os.Stat(f.Data); err != nil {
		return fmt.Errorf("no deployment in %s: start one with allclear serve, or name another with --data", f.Data)
	}
	return nil
}

func (f dataFlag) open(logger *slog.Logger) (*local.Deployment, error) {
	return local.Open(local.Folder(f.Data), program(), logger)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	parser := kong.Must(&o,
		kong.Name("allclear"),
		kong.Description("A status page that cannot go down. Start with: allclear serve --demo"),
		kong.ShortUsageOnError(),
		kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	chosen, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := chosen.Run(logger(o.Verbose)); err != nil {
		if !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "allclear:", cloud.Explain(err))
		}
		os.Exit(1)
	}
}

// logger writes warnings and errors to standard error, everything when asked to.
func logger(verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// program is what this build carries. Its renderer is told apart by the file it runs from: a new
// build may render differently.
func program() local.Program {
	p := local.Program{Wiring: allclear.Wiring, Site: allclear.Site(), Renderer: "unknown"}
	name, err := os.Executable()
	if err != nil {
		return p
	}
	if info, err := os.Stat(name); err == nil {
		p.Renderer = fmt.Sprintf("%s-%d-%d", filepath.Base(name), info.Size(), info.ModTime().Unix())
	}
	return p
}
