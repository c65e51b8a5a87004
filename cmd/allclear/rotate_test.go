package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"allclear/internal/link"
	"allclear/internal/local"
	"allclear/internal/secret"
)

var someday = time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)

const firstKey = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestKeysOfAFolderAreRotatedAndDropped(t *testing.T) {
	folder := local.Folder(t.TempDir())
	path := filepath.Join(string(folder), "signing-key.secret")
	var said strings.Builder
	rotate := func(drop bool) error {
		said.Reset()
		return (&keyRotateCommand{placeFlags: placeFlags{Data: string(folder)}, DropRetired: drop, output: &said}).Run(t.Context())
	}
	signer := func() *link.Signer {
		s, err := secret.Signer(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	works := func(token string) bool {
		_, err := signer().Read(token, link.Unsubscribe, someday)
		return err == nil
	}
	if err := rotate(false); err == nil || !strings.Contains(err.Error(), "serve makes it when it starts") {
		t.Errorf("without a key: got %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a key was made")
	}
	if err := os.WriteFile(path, []byte(firstKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	leave := link.Link{Purpose: link.Unsubscribe, Page: "page", Subject: "x"}
	first := signer().Token(leave)
	if err := rotate(false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Key 2 signs", "Retired: key 1.", "serve takes the new key when it starts"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, said.String())
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(string(text), "\n1 "+firstKey+"\n") || strings.Count(string(text), "\n") != 2 {
		t.Errorf("got another file than two keys, %v", err)
	}
	second := signer().Token(leave)
	if !works(first) || !works(second) || first == second {
		t.Errorf("links to unsubscribe: the first works %t, the second %t", works(first), works(second))
	}
	if err := rotate(true); err != nil || !strings.Contains(said.String(), "Retired: key 2.") || !strings.Contains(said.String(), "Forgotten: key 1.") {
		t.Errorf("dropping: got %v and\n%s", err, said.String())
	}
	if works(first) || !works(second) {
		t.Errorf("links to unsubscribe: the first works %t, the second %t, want the first dropped", works(first), works(second))
	}
	if err := os.WriteFile(path, []byte("2 "+firstKey+"\noops"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rotate(false); err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "oops") {
		t.Errorf("a damaged file: got %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "2 "+firstKey+"\noops" {
		t.Errorf("a damaged file was written to, %v", err)
	}
}

// stage plays AWS for a stage: its functions and the parameter store.
type stage struct {
	parameter    string
	descriptions map[string]string
	refuses      string // the function that may not be updated
	calls        []string
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "AmazonSSM.GetParameter":
		answer(w, 200, map[string]any{"Parameter": map[string]any{"Value": s.parameter, "Version": 7}})
		return
	case "AmazonSSM.PutParameter":
		var in struct {
			Name, Type, Value string
			Overwrite         bool
		}
		if err := json.Unmarshal(body, &in); err != nil || in.Name != "/allclear/prod/signing-key" || in.Type != "SecureString" || !in.Overwrite {
			answer(w, 400, map[string]any{"__type": "ValidationException"})
			return
		}
		s.parameter, s.calls = in.Value, append(s.calls, "put")
		answer(w, 200, map[string]any{"Version": 8})
		return
	}
	name := strings.Split(r.URL.Path, "/")[3]
	function := strings.TrimPrefix(name, "allclear-prod-")
	if r.Method == http.MethodPut {
		var in struct{ Description string }
		if err := json.Unmarshal(body, &in); err != nil || function == s.refuses {
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
			answer(w, 403, map[string]any{"Message": "not authorized to perform: lambda:UpdateFunctionConfiguration"})
			return
		}
		s.descriptions[function], s.calls = in.Description, append(s.calls, function)
	}
	answer(w, 200, map[string]any{
		"FunctionName": name, "Description": s.descriptions[function], "LastUpdateStatus": "Successful",
		"Environment": map[string]any{"Variables": map[string]string{"STATUS_TABLE": "status-1", "SITE_BUCKET": "site-1"}},
	})
}

func answer(w http.ResponseWriter, code int, body map[string]any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

// play has the environment lead to it.
func (s *stage) play(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
		"AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

func TestKeysOfAStageAreRotatedAndItsFunctionsStartAnew(t *testing.T) {
	s := &stage{parameter: firstKey, descriptions: map[string]string{"subscribe": "The public endpoints.", "mail": "Sends mails. [links: key 1]"}}
	s.play(t)
	var said strings.Builder
	if err := (&keyRotateCommand{placeFlags: placeFlags{Stage: "prod"}, output: &said}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := secret.ParseLinkKeys(s.parameter)
	if err != nil || keys.Current() != 2 || !strings.HasSuffix(s.parameter, "\n1 "+firstKey+"\n") {
		t.Errorf("got current %d, %v, want key 2 before the first", keys.Current(), err)
	}
	if want := []string{"put", "subscribe", "mail", "welcome", "webhook"}; !slices.Equal(s.calls, want) {
		t.Errorf("got %v, want %v", s.calls, want)
	}
	if s.descriptions["subscribe"] != "The public endpoints. [links: key 2]" || s.descriptions["mail"] != "Sends mails. [links: key 2]" {
		t.Errorf("got %v", s.descriptions)
	}
	if strings.Contains(said.String(), firstKey) || strings.Contains(said.String(), strings.Fields(s.parameter)[1]) {
		t.Error("it prints a key")
	}
}

func TestFunctionsThatCouldNotStartAnewAreNamedWithWhatToDo(t *testing.T) {
	s := &stage{parameter: firstKey, descriptions: map[string]string{}, refuses: "mail"}
	s.play(t)
	var said strings.Builder
	err := (&keyRotateCommand{placeFlags: placeFlags{Stage: "prod"}, output: &said}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "AWS does not allow it") {
		t.Errorf("got %v, want that it is not allowed", err)
	}
	for _, f := range []string{"mail", "welcome", "webhook"} {
		if want := fmt.Sprintf("aws lambda update-function-configuration --function-name allclear-prod-%s --description ", f); !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, said.String())
		}
	}
	if strings.Contains(said.String(), "function-name allclear-prod-subscribe") || !strings.Contains(said.String(), "The new key is stored") {
		t.Errorf("got\n%s", said.String())
	}
}
