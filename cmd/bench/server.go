package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running `allclear serve`.
type server struct {
	PublicURL string `json:"public_url"`
	APIURL    string `json:"api_url"`
	PageID    string `json:"page_id"`
	APIKey    string `json:"api_key"`

	cmd    *exec.Cmd
	client *http.Client
}

// start runs the program on a folder until it says that it is ready.
func start(ctx context.Context, program, folder, addr string) (*server, error) {
	s := &server{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: time.Minute}}
	s.cmd = exec.CommandContext(ctx, program, "serve", "--addr", addr, "--data", folder)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	contract := filepath.Join(folder, "local.json")
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(contract)
		if err == nil && json.Unmarshal(text, s) == nil && s.APIKey != "" {
			return s, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(errors.New("the program does not get ready"), s.stop())
		}
	}
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// post sends a body to the operator API and answers what it answered.
func (s *server) post(ctx context.Context, path, body string) ([]byte, error) {
	return s.send(ctx, http.MethodPost, path, body, http.StatusCreated)
}

func (s *server) patch(ctx context.Context, path, body string) error {
	_, err := s.send(ctx, http.MethodPatch, path, body, http.StatusOK)
	return err
}

func (s *server) send(ctx context.Context, method, path, body string, want int) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.APIURL+"/pages/"+s.PageID+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "OAuth "+s.APIKey)
	answer, code, err := s.do(r)
	if err == nil && code != want {
		err = fmt.Errorf("%s %s: %d %s", method, path, code, answer)
	}
	return answer, err
}

func (s *server) get(ctx context.Context, path string) ([]byte, int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.PublicURL+path, nil)
	if err != nil {
		return nil, 0, err
	}
	return s.do(r)
}

func (s *server) do(r *http.Request) ([]byte, int, error) {
	response, err := s.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return body, response.StatusCode, err
}

// resident is the resident memory of the process in bytes, where the system tells it as Linux does.
func (s *server) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("the system does not tell")
}

// quantile is the value below which a share of the durations lies.
func quantile(durations []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 2, 64) + " ms"
}
