package templatetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// edgeRequest is what the function reads of a request.
type edgeRequest struct {
	Method string `json:"method"`
	URI    string `json:"uri"`
}

// edgeAnswer is a request that goes on to the bucket, or an answer if it has a StatusCode.
type edgeAnswer struct {
	edgeRequest
	Query      map[string]map[string]string `json:"querystring"`
	StatusCode int                          `json:"statusCode"`
	Headers    map[string]map[string]string `json:"headers"`
}

func code(t *testing.T) string {
	t.Helper()
	return properties[struct {
		Code string `yaml:"FunctionCode"`
	}](t, "AddressFunction").Code
}

// atEdge runs the function in Node.
func atEdge(t *testing.T, requests []edgeRequest) []edgeAnswer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no node, which runs the edge function")
		}
		t.Skip("no node, which runs the edge function")
	}
	input, err := json.Marshal(map[string]any{"code": code(t), "requests": requests})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), node, "testdata/edge.mjs")
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v\n%s", err, failed.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	var answers []edgeAnswer
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(requests) {
		t.Fatalf("got %d answers, want %d", len(answers), len(requests))
	}
	return answers
}

// get asks for addresses and gives the ones that the bucket is asked for instead.
func get(t *testing.T, addresses []string) []string {
	t.Helper()
	requests := make([]edgeRequest, len(addresses))
	for i, a := range addresses {
		requests[i] = edgeRequest{http.MethodGet, a}
	}
	found := make([]string, len(addresses))
	for i, answer := range atEdge(t, requests) {
		if answer.StatusCode != 0 || answer.Method != http.MethodGet {
			t.Errorf("%q: got %+v, want a request: there is no redirect", addresses[i], answer)
		}
		if answer.Query["q"]["value"] != "1" || answer.Headers["host"]["value"] != "status.example.com" {
			t.Errorf("%q: got %+v, want the rest of the request as it was", addresses[i], answer)
		}
		found[i] = answer.URI
	}
	return found
}
