package cloud_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"allclear/internal/cloud"
)

// service plays Lambda: it answers a path with a status, headers and a body.
type service struct {
	configuration reply
	invocation    reply
	invoked       []string // paths and payloads
}

type reply struct {
	status int
	header map[string]string
	body   string
}

const deployedTick = `{"FunctionName": "allclear-prod-tick", "Environment": {"Variables": {"STATUS_TABLE": "status-1", "SITE_BUCKET": "site-1"}}}`

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := s.configuration
	if strings.HasSuffix(r.URL.Path, "/invocations") {
		payload, _ := io.ReadAll(r.Body)
		s.invoked = append(s.invoked, r.URL.Path+" "+r.Header.Get("X-Amz-Log-Type")+" "+string(payload))
		answer = s.invocation
	}
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.status)
	fmt.Fprint(w, answer.body)
}

// environment is that of an operator who is signed in, with AWS played by the service.
func environment(t *testing.T, s *service) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	bare(t)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
}

// bare is an environment that says nothing of AWS.
func bare(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_ENDPOINT_URL", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
}

func failure(status int, code, message string) reply {
	return reply{status, map[string]string{"X-Amzn-ErrorType": code}, fmt.Sprintf(`{"Message": %q}`, message)}
}

func TestAStageIsFoundThroughItsTick(t *testing.T) {
	environment(t, &service{configuration: reply{200, nil, deployedTick}})
	d, err := cloud.Find(t.Context(), "prod")
	if err != nil {
		t.Fatal(err)
	}
	if d.Table() != "status-1" || d.Region != "eu-central-1" || d.Store == nil || d.Bucket == nil {
		t.Errorf("got %+v", d)
	}
}

func TestWhatIsInTheWayOfAStageIsSaidInOneSentence(t *testing.T) {
	for name, c := range map[string]struct {
		answer reply
		want   string
	}{
		"no such stage":    {failure(404, "ResourceNotFoundException", "Function not found"), "there is no stage prod in eu-central-1"},
		"access denied":    {failure(403, "AccessDeniedException", "User x is not authorized to perform: lambda:GetFunctionConfiguration."), "AWS does not allow it: User x is not authorized to perform: lambda:GetFunctionConfiguration"},
		"expired":          {failure(403, "ExpiredTokenException", "The security token is expired"), "expired: sign in again"},
		"unknown key":      {failure(403, "UnrecognizedClientException", "The security token is invalid"), "does not accept the credentials"},
		"another program":  {reply{200, nil, `{"FunctionName": "allclear-prod-tick"}`}, "names no STATUS_TABLE"},
		"half a programme": {reply{200, nil, `{"Environment": {"Variables": {"STATUS_TABLE": "s"}}}`}, "names no STATUS_TABLE or no SITE_BUCKET"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, &service{configuration: c.answer})
			_, err := cloud.Find(t.Context(), "prod")
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "RequestID") {
				t.Errorf("got the SDK's words: %v", err)
			}
		})
	}
}

func TestWithoutRegionCredentialsConnectionOrAProperNameItSaysSo(t *testing.T) {
	find := func(t *testing.T, stage, want string) {
		t.Helper()
		if _, err := cloud.Find(t.Context(), stage); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	t.Run("region", func(t *testing.T) {
		bare(t)
		find(t, "prod", "no AWS region is set: set AWS_REGION")
	})
	t.Run("credentials", func(t *testing.T) {
		bare(t)
		t.Setenv("AWS_REGION", "eu-central-1")
		find(t, "prod", "no AWS credentials that work")
	})
	t.Run("connection", func(t *testing.T) {
		environment(t, &service{})
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
		find(t, "prod", "AWS cannot be reached")
	})
	t.Run("name", func(t *testing.T) {
		bare(t)
		for _, stage := range []string{"", "pr od", "../prod", "1", "prod_1", strings.Repeat("a", 41)} {
			find(t, stage, "--stage must be the name of a stage")
		}
	})
}

func TestWhatWasNotACallToAWSIsNotBlamedOnIt(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port := net.Listen("tcp", taken.Addr().String())
	_, file := os.Open(filepath.Join(t.TempDir(), "list.csv"))
	for name, err := range map[string]error{"a port that is taken": port, "a file that is not there": file} {
		if err == nil {
			t.Fatalf("%s: got no error", name)
		}
		if got := cloud.Explain(err); got.Error() != err.Error() {
			t.Errorf("%s: got %q, want %q", name, got, err)
		}
	}
}

func TestAFunctionIsInvokedOnceAndItsAnswerAndLogComeBack(t *testing.T) {
	s := &service{
		configuration: reply{200, nil, deployedTick},
		invocation:    reply{200, map[string]string{"X-Amz-Log-Result": base64.StdEncoding.EncodeToString([]byte("START\nEND\n"))}, `{"key":"k"}`},
	}
	environment(t, s)
	d, err := cloud.Find(t.Context(), "prod")
	if err != nil {
		t.Fatal(err)
	}
	answer, log, err := d.Invoke(t.Context(), "keys", []byte(`{"name":"ci"}`))
	if err != nil || string(answer) != `{"key":"k"}` || log != "START\nEND\n" {
		t.Errorf("got %s, %q, %v", answer, log, err)
	}
	want := `/2015-03-31/functions/allclear-prod-keys/invocations Tail {"name":"ci"}`
	if len(s.invoked) != 1 || s.invoked[0] != want {
		t.Errorf("got calls %q, want %q once", s.invoked, want)
	}
}

func TestWhatAFunctionRefusesOrFailsAtIsTold(t *testing.T) {
	failed := map[string]string{"X-Amz-Function-Error": "Unhandled", "X-Amz-Log-Result": base64.StdEncoding.EncodeToString([]byte("panic\n"))}
	for name, c := range map[string]struct {
		answer  reply
		want    string
		refused bool
	}{
		"a refusal":        {reply{200, failed, `{"errorMessage":"name can't be blank","errorType":"Error"}`}, "allclear-prod-keys: name can't be blank", true},
		"no words":         {reply{200, failed, `null`}, "without saying why", true},
		"no function":      {failure(404, "ResourceNotFoundException", "not found"), "stage prod has no function keys", false},
		"no right":         {failure(403, "AccessDeniedException", "not authorized"), "AWS does not allow it", false},
		"AWS is in a mess": {failure(500, "ServiceException", "oops"), "invoke allclear-prod-keys", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{configuration: reply{200, nil, deployedTick}, invocation: c.answer}
			environment(t, s)
			t.Setenv("AWS_MAX_ATTEMPTS", "3")
			d, err := cloud.Find(t.Context(), "prod")
			if err != nil {
				t.Fatal(err)
			}
			_, log, err := d.Invoke(t.Context(), "keys", []byte(`{}`))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			var function *cloud.FunctionError
			if is := errors.As(err, &function); is != c.refused || (is && log != "panic\n") {
				t.Errorf("got a function's error: %t, log %q; want %t", is, log, c.refused)
			}
			if len(s.invoked) != 1 {
				t.Errorf("got %d calls, want one: it may have done its work", len(s.invoked))
			}
		})
	}
}
