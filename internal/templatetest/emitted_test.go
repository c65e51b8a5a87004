package templatetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the top of the repository.
const root = "../.."

// The stages that differ: what people deploy, and what tests deploy and remove.
const (
	prod  = "prod"
	local = "local"
)

// emitted gives the template, as JSON, that the deployment tool makes of a stage. It needs no
// network, no account and nothing built: functions are empty zips. Without the tool the test skips.
func emitted(t *testing.T, stage string) []byte {
	t.Helper()
	for _, needed := range []string{tool, "node"} {
		if _, err := exec.LookPath(needed); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("no %s, which makes the template: run make package", filepath.Base(needed))
			}
			t.Skipf("no %s, which makes the template: run make package", filepath.Base(needed))
		}
	}
	templates, err := packaged()
	if err != nil {
		t.Fatal(err)
	}
	return templates[stage]
}

const tool = root + "/node_modules/.bin/osls"

// packaged runs the tool, once for all tests.
var packaged = sync.OnceValues(func() (map[string][]byte, error) {
	folder, err := os.MkdirTemp("", "allclear-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := buildable(folder); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(tool)
	if err != nil {
		return nil, err
	}
	templates := map[string][]byte{}
	for _, stage := range []string{prod, local} {
		command := exec.CommandContext(context.Background(), absolute, "package", "--stage", stage, "--package", stage)
		command.Dir = folder
		for _, v := range os.Environ() { // what the caller has chosen is not what is tested
			if !strings.HasPrefix(v, "LAMBDA_ARCH=") && !strings.HasPrefix(v, "AWS_") {
				command.Env = append(command.Env, v)
			}
		}
		if output, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("package stage %s: %w\n%s", stage, err, output)
		}
		templates[stage], err = os.ReadFile(filepath.Join(folder, stage, "cloudformation-template-update-stack.json"))
		if err != nil {
			return nil, err
		}
	}
	return templates, nil
})

// buildable copies to a folder what the tool reads, with an empty zip for each function.
func buildable(folder string) error {
	repository := os.DirFS(root)
	names, err := fs.Glob(repository, "resources/*.yml")
	if err != nil {
		return err
	}
	// The lock is there so that a test's cached result ends with the version of the tool.
	files := map[string][]byte{"dist/arm64/release.json": []byte(`{"release": "0123456789abcdef"}`)}
	for _, name := range append(names, "serverless.yml", "package.json", "package-lock.json") {
		if files[name], err = fs.ReadFile(repository, name); err != nil {
			return err
		}
	}
	folders, err := fs.Glob(repository, "functions/*/main.go")
	if err != nil {
		return err
	}
	emptyZip := append([]byte("PK\x05\x06"), bytes.Repeat([]byte{0}, 18)...)
	for _, main := range folders {
		files["dist/arm64/"+filepath.Base(filepath.Dir(main))+".zip"] = emptyZip
	}
	for name, body := range files {
		to := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, body, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// parse gives a template of one's own, to read or to break.
func parse(t *testing.T, text []byte) object {
	t.Helper()
	var template object
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	return template
}
