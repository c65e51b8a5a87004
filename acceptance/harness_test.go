package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built by TestMain.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "allclear-acceptance")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "allclear")
	build := exec.Command("go", "build", "-o", binary, "allclear/cmd/allclear")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		return 1
	}
	return m.Run()
}

// contract is DIR/local.json.
type contract struct {
	PublicURL string `json:"public_url"`
	APIURL    string `json:"api_url"`
	PageID    string `json:"page_id"`
	APIKey    string `json:"api_key"`
	PID       int    `json:"pid"`
}

// server is a running `allclear serve`.
type server struct {
	contract
	t      *testing.T
	dir    string
	flags  []string
	cmd    *exec.Cmd
	output *bytes.Buffer
	exited chan struct{}
}

// patience bounds every wait; it is long because machines may be slow, and no test waits it out.
const patience = 30 * time.Second

// serve starts the program on a folder, from a foreign working directory and with an empty
// environment, and waits until it says that it is ready.
func serve(t *testing.T, dir string, flags ...string) *server {
	t.Helper()
	s := &server{t: t, dir: dir, flags: flags, output: &bytes.Buffer{}, exited: make(chan struct{})}
	s.cmd = exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0", "--data", dir}, flags...)...)
	s.cmd.Dir, s.cmd.Env = t.TempDir(), []string{}
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(s.kill)
	s.eventually("local.json names this process", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "local.json"))
		return err == nil && json.Unmarshal(text, &s.contract) == nil && s.PID == s.cmd.Process.Pid
	})
	return s
}

// eventually asks until something is so. Between two questions it waits for a moment, or for the
// end of the process, after which it asks once more and gives up.
func (s *server) eventually(what string, is func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-s.exited:
			if is() {
				return
			}
			s.t.Fatalf("the program ended before %s:\n%s", what, s.output)
		case <-deadline:
			s.t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

// kill ends the process at once, as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// stop asks the process to end and answers its exit code.
func (s *server) stop() int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.t.Fatal("the program does not stop")
	}
	return s.cmd.ProcessState.ExitCode()
}

// call sends a request to the operator API and decodes the answer into v, if it is not nil.
func (s *server) call(method, path, body string, want int, v any) {
	s.t.Helper()
	code, answer, err := s.try(method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if code != want {
		s.t.Fatalf("%s %s: got %d, want %d: %s", method, path, code, want, answer)
	}
	if v != nil {
		if err := json.Unmarshal(answer, v); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

func (s *server) try(method, path, body string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, s.APIURL+"/pages/"+s.PageID+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "OAuth "+s.APIKey)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// get reads a published document.
func (s *server) get(path string) (int, string) {
	s.t.Helper()
	response, err := http.Get(s.PublicURL + path) //nolint:noctx // a test on loopback
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// decode reads a published JSON document.
func (s *server) decode(path string, v any) {
	s.t.Helper()
	code, body := s.get(path)
	if code != http.StatusOK {
		s.t.Fatalf("GET %s: %d", path, code)
	}
	if err := json.Unmarshal([]byte(body), v); err != nil {
		s.t.Fatalf("GET %s: %v", path, err)
	}
}

// allclear runs another command of the program to its end.
func allclear(t *testing.T, arguments ...string) (output string, code int) {
	t.Helper()
	cmd := exec.Command(binary, arguments...)
	cmd.Dir, cmd.Env = t.TempDir(), []string{}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// tick does nothing: serve has a schedule of its own.
func (s *server) tick() {}

// redeploy stops the program and starts it again on the same folder.
func (s *server) redeploy() {
	s.t.Helper()
	if code := s.stop(); code != 0 {
		s.t.Fatalf("exit code %d:\n%s", code, s.output)
	}
	*s = *serve(s.t, s.dir, s.flags...)
}

// remove takes the program and its folder away.
func (s *server) remove() {
	s.t.Helper()
	if code := s.stop(); code != 0 {
		s.t.Fatalf("exit code %d:\n%s", code, s.output)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Fatal(err)
	}
}

type object struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

type summary struct {
	Page struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"page"`
	Components            []object `json:"components"`
	Incidents             []object `json:"incidents"`
	ScheduledMaintenances []object `json:"scheduled_maintenances"`
	Status                struct {
		Indicator   string `json:"indicator"`
		Description string `json:"description"`
	} `json:"status"`
}
