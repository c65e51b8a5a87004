package webhook

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"allclear/docs"
)

// example is what docs/webhooks.md gives to try one's code with.
type example struct {
	Secret    string
	ID        string
	Timestamp string
	Body      string
	Signature string
}

// snippet is the first piece of code in a language.
func snippet(t *testing.T, language string) string {
	t.Helper()
	_, text, found := strings.Cut(docs.Webhooks, "```"+language+"\n")
	text, _, ended := strings.Cut(text, "```\n")
	if !found || !ended {
		t.Fatalf("docs/webhooks.md has no %s", language)
	}
	return text
}

func documented(t *testing.T) example {
	t.Helper()
	given := map[string]string{}
	for line := range strings.Lines(snippet(t, "text")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		given[name] = strings.TrimSpace(value)
	}
	return example{given["secret"], given[HeaderID], given[HeaderTimestamp], given["body"], given[HeaderSignature]}
}

func TestTheDocumentedSignatureIsOurs(t *testing.T) {
	e := documented(t)
	secret, err := ParseSecret("secret", e.Secret)
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseInt(e.Timestamp, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Sign(e.ID, time.Unix(seconds, 0), []byte(e.Body), secret)
	if err != nil || got.Value != e.Signature || e.Signature == "" {
		t.Errorf("got %q, %v, want %q", got.Value, err, e.Signature)
	}
}

// The code that receivers copy is run: it must take what is signed, also beside another signature, and
// nothing that was changed, is too old or is signed by nobody.
func TestTheDocumentedCodeVerifies(t *testing.T) {
	for _, c := range []struct {
		language, tool, file, main string
		arguments                  []string
	}{
		{"go", "go", "verify.go", goMain, []string{"run", "verify.go", "main.go"}},
		{"js", "node", "verify.mjs", nodeMain, []string{"verify.mjs"}},
		{"python", "python3", "verify.py", pythonMain, []string{"verify.py"}},
	} {
		t.Run(c.language, func(t *testing.T) {
			tool, err := exec.LookPath(c.tool)
			if err != nil {
				t.Skipf("no %s here", c.tool)
			}
			dir, code := t.TempDir(), snippet(t, c.language)
			if c.language == "go" {
				write(t, filepath.Join(dir, "main.go"), c.main)
			} else {
				code += c.main
			}
			write(t, filepath.Join(dir, c.file), code)
			input, err := json.Marshal(documented(t))
			if err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), tool, c.arguments...)
			command.Dir, command.Stdin = dir, strings.NewReader(string(input))
			said, err := command.CombinedOutput()
			if want := "true true false false false false false\n"; err != nil || strings.ToLower(string(said)) != want {
				t.Errorf("got %v and %q, want %q", err, said, want)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Each tries: as it is; beside another signature; another body; another id; too old; no time; another
// version of signatures.
const (
	goMain = `package main

import ("encoding/json"; "fmt"; "net/http"; "os"; "strconv"; "strings"; "time")

func main() {
	var e struct{ Secret, ID, Timestamp, Body, Signature string }
	if err := json.NewDecoder(os.Stdin).Decode(&e); err != nil { panic(err) }
	seconds, _ := strconv.ParseInt(e.Timestamp, 10, 64)
	now := time.Unix(seconds+60, 0)
	try := func(id, timestamp, signature, body string, now time.Time) bool {
		header := http.Header{}
		header.Set("webhook-id", id); header.Set("webhook-timestamp", timestamp); header.Set("webhook-signature", signature)
		return Verify(e.Secret, header, []byte(body), now)
	}
	fmt.Println(try(e.ID, e.Timestamp, e.Signature, e.Body, now), try(e.ID, e.Timestamp, "v1,AAAA "+e.Signature, e.Body, now),
		try(e.ID, e.Timestamp, e.Signature, e.Body+" ", now), try("msg_other", e.Timestamp, e.Signature, e.Body, now),
		try(e.ID, e.Timestamp, e.Signature, e.Body, now.Add(time.Hour)), try(e.ID, "soon", e.Signature, e.Body, now),
		try(e.ID, e.Timestamp, strings.Replace(e.Signature, "v1,", "v2,", 1), e.Body, now))
}
`
	nodeMain = `
import { readFileSync } from 'node:fs';
const e = JSON.parse(readFileSync(0, 'utf8'));
const at = Number(e.Timestamp) + 60;
const attempt = (id, timestamp, signature, body, now) => verify(e.Secret,
  { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }, Buffer.from(body), now);
console.log(attempt(e.ID, e.Timestamp, e.Signature, e.Body, at), attempt(e.ID, e.Timestamp, 'v1,AAAA ' + e.Signature, e.Body, at),
  attempt(e.ID, e.Timestamp, e.Signature, e.Body + ' ', at), attempt('msg_other', e.Timestamp, e.Signature, e.Body, at),
  attempt(e.ID, e.Timestamp, e.Signature, e.Body, at + 3600), attempt(e.ID, 'soon', e.Signature, e.Body, at),
  attempt(e.ID, e.Timestamp, e.Signature.replace('v1,', 'v2,'), e.Body, at));
`
	pythonMain = `

import json, sys
e = json.load(sys.stdin)
at = int(e["Timestamp"]) + 60
def attempt(id, timestamp, signature, body, now):
    return verify(e["Secret"], {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature}, body.encode(), now)
print(attempt(e["ID"], e["Timestamp"], e["Signature"], e["Body"], at), attempt(e["ID"], e["Timestamp"], "v1,AAAA " + e["Signature"], e["Body"], at),
      attempt(e["ID"], e["Timestamp"], e["Signature"], e["Body"] + " ", at), attempt("msg_other", e["Timestamp"], e["Signature"], e["Body"], at),
      attempt(e["ID"], e["Timestamp"], e["Signature"], e["Body"], at + 3600), attempt(e["ID"], "soon", e["Signature"], e["Body"], at),
      attempt(e["ID"], e["Timestamp"], e["Signature"].replace("v1,", "v2,"), e["Body"], at))
`
)

func TestTheDocumentedScheduleIsOurs(t *testing.T) {
	_, text, _ := strings.Cut(docs.Webhooks, "at once, after ")
	text, _, _ = strings.Cut(text, " hours.")
	text = regexp.MustCompile(`\(.*?\)`).ReplaceAllString(text, "") + " hours"
	unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}
	got := []time.Duration{0}
	for _, found := range regexp.MustCompile(`(\d+)\s+(second|minute|hour)`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, time.Duration(n)*unit[found[2]])
	}
	if fmt.Sprint(got) != fmt.Sprint(schedule) {
		t.Errorf("docs/webhooks.md has %v, want %v", got, schedule)
	}
}
