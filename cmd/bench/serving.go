package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// serving asks for the summary over kept-alive connections, in turns from the program and from a
// bare file server on the same file in a process of the same kind.
func serving(ctx context.Context, s settings) (rows []row, err error) {
	folder := filepath.Join(s.folder, "serving")
	server, err := start(ctx, s.program, folder, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	for n := range 20 {
		if _, err := server.post(ctx, "/components", fmt.Sprintf(`{"component":{"name":"Component %d"}}`, n)); err != nil {
			return nil, err
		}
	}
	plain, err := startPlain(ctx, filepath.Join(folder, "public"))
	if err != nil {
		return nil, err
	}
	defer plain.stop()

	const rounds = 6
	var ours, theirs, ratios []float64
	for n := range rounds {
		a, err := rate(ctx, server.PublicURL+"/api/v2/summary.json")
		if err != nil {
			return nil, err
		}
		b, err := rate(ctx, "http://"+plain.addr+"/api/v2/summary.json")
		if err != nil {
			return nil, err
		}
		if n > 0 {
			ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, a/b)
		}
	}
	return []row{
		{"GET /api/v2/summary.json, requests/s", fmt.Sprintf("%.0f", middle(ours)), ""},
		{"the same file from a bare http.FileServer", fmt.Sprintf("%.0f", middle(theirs)), ""},
		{"ratio, median of pairs", fmt.Sprintf("%.2f", middle(ratios)), "≥ 0.9"},
	}, nil
}

// plain is a bare file server in a process of its own.
type plain struct {
	addr string
	cmd  *exec.Cmd
}

// startPlain runs this program anew as nothing but a file server.
func startPlain(ctx context.Context, folder string) (*plain, error) {
	name, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &plain{cmd: exec.CommandContext(ctx, name, "-files", folder)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	_, err = fmt.Fscanln(out, &p.addr)
	return p, err
}

func (p *plain) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// serveFiles is that other process: it tells its address and serves until it is killed.
func serveFiles(ctx context.Context, folder string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: http.FileServer(http.Dir(folder)), ReadHeaderTimeout: time.Minute}
	return server.Serve(listener)
}

func middle(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }

// rate asks for an address from several connections for a second.
func rate(ctx context.Context, address string) (float64, error) {
	const connections = 4
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	counts := make([]int, connections)
	failures := make([]error, connections)
	began := time.Now()
	for n := range connections {
		wg.Go(func() {
			for time.Since(began) < time.Second && failures[n] == nil {
				failures[n] = fetch(ctx, client, address)
				counts[n]++
			}
		})
	}
	wg.Wait()
	total := 0
	for _, c := range counts {
		total += c
	}
	return float64(total) / time.Since(began).Seconds(), errors.Join(failures...)
}

func fetch(ctx context.Context, client *http.Client, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %d", address, response.StatusCode)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
