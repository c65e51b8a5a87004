package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// starts is how often each function is started.
const starts = 41

// starting starts each function as Lambda does, in turns with one that does nothing, and measures
// the time until it asks for its first event. The bare process is the part of the runtime; what a
// function is slower by is its own packages, clients and first calls, to the table or for a secret.
// The table is a server on loopback that has nothing: there is no network and no handshake in this.
func starting(ctx context.Context, s settings) ([]row, error) {
	found, err := filepath.Glob("functions/*/main.go")
	if err != nil || len(found) == 0 {
		return nil, errors.Join(errors.New("no functions here: run it in the repository"), err)
	}
	programs := map[string]string{"": "./cmd/bench/bare"}
	for _, file := range found {
		programs[filepath.Base(filepath.Dir(file))] = "./" + filepath.ToSlash(filepath.Dir(file))
	}
	for name, source := range programs {
		target := filepath.Join(s.folder, "starting-"+name)
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", target, source)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("build %s: %w", source, err)
		}
		programs[name] = target
	}
	runtime, err := startRuntime(ctx)
	if err != nil {
		return nil, err
	}
	defer runtime.stop()

	times := map[string][]float64{}
	for range starts {
		for name, program := range programs {
			elapsed, err := runtime.start(ctx, program)
			if err != nil {
				return nil, fmt.Errorf("start function %q: %w", name, err)
			}
			times[name] = append(times[name], float64(elapsed.Microseconds())/1000)
		}
	}
	bare := middle(times[""])
	delete(times, "")
	rows := []row{{"process start to ready of a bare function, p50", fmt.Sprintf("%.1f ms", bare), ""}}
	names := make([]string, 0, len(times))
	for name := range times {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		all := middle(times[name])
		rows = append(rows, row{
			"the same of " + name, fmt.Sprintf("%.1f ms: %.1f bare, %.1f of its own", all, bare, all-bare), "≤ 15 ms",
		})
	}
	return rows, nil
}

// fakeRuntime is Lambda's runtime API and AWS in one: it tells when a function asks for its first
// event, never gives one, and answers every other call with an empty result.
type fakeRuntime struct {
	server *http.Server
	addr   string
	ready  chan time.Time
}

func startRuntime(ctx context.Context) (*fakeRuntime, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &fakeRuntime{addr: listener.Addr().String(), ready: make(chan time.Time, 1)}
	r.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, "/invocation/next") {
			r.ready <- time.Now()
			<-q.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if strings.HasSuffix(q.Header.Get("X-Amz-Target"), ".GetParameter") {
			fmt.Fprintf(w, `{"Parameter":{"Value":%q}}`, strings.Repeat("k", 43))
			return
		}
		fmt.Fprint(w, `{"Items":[],"Count":0,"ScannedCount":0}`)
	})}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *fakeRuntime) stop() { _ = r.server.Close() }

// start runs a function until it asks for an event, and ends it.
func (r *fakeRuntime) start(ctx context.Context, program string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Stderr = os.Stderr
	cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + r.addr, "AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_ENDPOINT_URL=http://" + r.addr,
		"STATUS_TABLE=status", "AUDIENCE_TABLE=audience", "DELIVERIES_TABLE=deliveries", "SITE_BUCKET=site",
		"PUBLIC_URL=https://status.example.com", "RENDERER=bench", "SECRET_PATH=/allclear/bench",
		"EVENTS_TOPIC=arn:aws:sns:us-east-1:123456789012:events", "FEEDBACK_TOPIC=arn:aws:sns:us-east-1:123456789012:feedback",
		"MAIL_QUEUE=https://sqs.us-east-1.amazonaws.com/123456789012/mail", "WEBHOOK_QUEUE=https://sqs.us-east-1.amazonaws.com/123456789012/webhook",
		"MAIL_CONFIGURATION=bench", "MAIL_FROM=status@example.com",
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	select {
	case at := <-r.ready:
		return at.Sub(begun), nil
	case <-ctx.Done():
		return 0, errors.New("it never asks for an event")
	}
}
