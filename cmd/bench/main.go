// Command bench measures the figures that the README reports, on the built program and over real
// HTTP on loopback, and prints them as a table. Figures that are compared are measured side by
// side in the same run, in turns. It makes its own data in a temporary folder and removes it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"
)

// settings bound a run.
type settings struct {
	posts       int
	history     int
	subscribers int
	folder      string
	program     string
	only        string
}

// row is one line of the table.
type row struct{ figure, measured, aim string }

func main() {
	s := settings{}
	flag.IntVar(&s.posts, "posts", 400, "incidents to post")
	flag.IntVar(&s.history, "history", 100_000, "incidents of the long history")
	flag.IntVar(&s.subscribers, "subscribers", 100_000, "subscribers to mail")
	files := flag.String("files", "", "serve a folder and nothing else: the other side of a comparison")
	only := flag.String("only", "", "measure one part: posting, publishing, serving, starting, mailing or crowd (posting beside many subscribers)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s.only = *only
	err := error(nil)
	if *files != "" {
		err = serveFiles(ctx, *files)
	} else {
		err = run(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	folder, err := os.MkdirTemp("", "allclear-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // what stays is only in the way
	s.folder, s.program = folder, filepath.Join(folder, "allclear")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", s.program, "./cmd/allclear")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program: %w", err)
	}
	var rows []row
	for _, part := range []struct {
		name    string
		what    string
		measure func(context.Context, settings) ([]row, error)
	}{
		{"posting", "posting incidents", posting},
		{"publishing", "publishing with a short and a long history", publishing},
		{"serving", "serving", serving},
		{"crowd", "posting beside many subscribers", crowd},
		{"starting", "the start of functions", starting},
		{"mailing", "mails to many subscribers", mails},
	} {
		if s.only != "" && s.only != part.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "Measuring %s …\n", part.what)
		some, err := part.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("measure %s: %w", part.what, err)
		}
		rows = append(rows, some...)
	}
	fmt.Printf("%s, %s/%s, %d processors, %s\n\n", time.Now().UTC().Format("2006-01-02"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tmeasured\taim")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.figure, r.measured, r.aim)
	}
	return w.Flush()
}
