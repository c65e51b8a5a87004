package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ses"

	buckets3 "allclear/internal/bucket/s3"
	"allclear/internal/front"
)

// The real template, deployed by the real tool into an emulator: make e2e. It proves the wiring,
// the names and the calls; what the emulator only pretends, internal/templatetest reads.

func TestInTheCloud(t *testing.T) {
	s := deploy(t)
	life(t, s)
	subscribers(t, s)
	corruptRecord(t, s)
	wrongParameter(t, s)
	s.remove()
}

// mailFrom is the address that the emulator knows as verified.
const mailFrom = "status@example.com"

// cloudPatience is longer than that of a laptop: each function starts as a process of its own.
const cloudPatience = 2 * time.Minute

// stack is a deployed stack of stage local.
type stack struct {
	t        *testing.T
	client   *lambda.Client
	tables   *dynamodb.Client
	endpoint string            // of the emulator
	gateway  string            // address of the HTTP API
	env      map[string]string // of the function tick: it names everything
	key      string
	page     string
	front    http.Handler // the bucket as the CDN would serve it
}

// deploy deploys the packaged template, which removes itself with the test.
func deploy(t *testing.T) *stack {
	t.Helper()
	endpoint := os.Getenv("ALLCLEAR_EMULATOR")
	if endpoint == "" {
		t.Skip("no emulator is running: make e2e")
	}
	configuration, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{
		t: t, client: lambda.NewFromConfig(configuration), tables: dynamodb.NewFromConfig(configuration),
	}
	if _, err := ses.NewFromConfig(configuration).VerifyEmailIdentity(t.Context(), &ses.VerifyEmailIdentityInput{EmailAddress: aws.String(mailFrom)}); err != nil {
		t.Fatal(err)
	}
	s.endpoint = endpoint
	output := s.tool("deploy")
	id := regexp.MustCompile(`https://([a-z0-9]+)\.execute-api\.`).FindStringSubmatch(output)
	if id == nil {
		t.Fatalf("no address of the HTTP API in:\n%s", output)
	}
	s.gateway = endpoint + "/_aws/execute-api/" + id[1] + "/$default"
	t.Cleanup(func() {
		if s.front != nil {
			s.tool("remove")
		}
	})
	tick, err := s.client.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("allclear-local-tick")})
	if err != nil {
		t.Fatal(err)
	}
	s.env = tick.Environment.Variables
	s.front = front.New(buckets3.New(s3.NewFromConfig(configuration, quiet), s.env["SITE_BUCKET"]), front.Options{})

	var made struct{ Key string }
	s.invoke("keys", `{"name":"acceptance"}`, &made)
	s.key = made.Key
	var pages []object
	s.request("GET", "/v1/pages", "", http.StatusOK, &pages)
	if len(pages) != 1 {
		t.Fatalf("%d pages after the first deployment, want 1", len(pages))
	}
	s.page = pages[0].ID
	return s
}

// quiet: that the emulator sends no checksums is no news.
func quiet(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true }

// tool runs the deployment tool on the package that is there.
func (s *stack) tool(arguments ...string) string {
	s.t.Helper()
	output, err := s.try(arguments...)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return output
}

func (s *stack) try(arguments ...string) (string, error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(root, "node_modules", ".bin", "osls"), append(arguments, "--stage", "local", "--param=mail-from="+mailFrom)...)
	cmd.Dir = root
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	return output.String(), err
}

// invoke calls a function and decodes its answer.
func (s *stack) invoke(function, payload string, v any) {
	s.t.Helper()
	out, err := s.client.Invoke(s.t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("allclear-local-" + function), Payload: []byte(payload), LogType: lambdatypes.LogTypeTail,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if out.FunctionError != nil {
		s.t.Fatalf("function %s: %s\n%s", function, out.Payload, aws.ToString(out.LogResult))
	}
	if v != nil {
		if err := json.Unmarshal(out.Payload, v); err != nil {
			s.t.Fatalf("function %s: %v in %s", function, err, out.Payload)
		}
	}
}

func (s *stack) call(method, path, body string, want int, v any) {
	s.t.Helper()
	s.request(method, "/v1/pages/"+s.page+path, body, want, v)
}

func (s *stack) request(method, path, body string, want int, v any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.gateway+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "OAuth "+s.key)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode != want {
		s.t.Fatalf("%s %s: got %d, want %d: %s", method, path, response.StatusCode, want, answer)
	}
	if v != nil {
		if err := json.Unmarshal(answer, v); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

func (s *stack) get(path string) (int, string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.front.ServeHTTP(w, httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://status.example.com"+path, nil))
	return w.Code, w.Body.String()
}

func (s *stack) tick() {
	s.t.Helper()
	s.invoke("tick", "{}", nil)
}

func (s *stack) eventually(what string, is func() bool) {
	s.t.Helper()
	deadline := time.After(cloudPatience)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-deadline:
			s.t.Fatalf("waited %s in vain until %s", cloudPatience, what)
		}
	}
}

// redeploy changes a parameter, so that the functions and the custom resources are updated, too.
func (s *stack) redeploy() {
	s.t.Helper()
	s.tool("deploy", "--param=page-name=Another name")
	var page object
	s.call("GET", "", "", http.StatusOK, &page)
	if page.Name != "My status page" {
		s.t.Errorf("a deployment renamed the page to %q", page.Name)
	}
}

func (s *stack) remove() {
	s.t.Helper()
	s.tool("remove")
	s.front = nil
	_, err := s.tables.DescribeTable(s.t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(s.env["STATUS_TABLE"])})
	if missing := (*dynamotypes.ResourceNotFoundException)(nil); !errors.As(err, &missing) {
		s.t.Errorf("the table after the removal of a stage without retention: %v", err)
	}
}

// subscribers: one by the public form, one whom an operator adds; each gets what is theirs, once.
func subscribers(t *testing.T, s *stack) {
	t.Helper()
	const visitor, added = "visitor@example.com", "added@example.com"
	form := url.Values{"email": {visitor}, "kinds": {"incidents"}}
	response, err := http.PostForm(s.gateway+"/subscribe", form) //nolint:noctx // a test on loopback
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("subscribe: %d", response.StatusCode)
	}
	s.eventually("the visitor is asked to confirm", func() bool { return len(s.mailsTo(visitor)) == 1 })
	s.call("POST", "/subscribers", `{"subscriber":{"email":"`+added+`","skip_confirmation_notification":true}}`, http.StatusCreated, nil)
	var incident object
	s.call("POST", "/incidents", `{"incident":{"name":"Worth a mail"}}`, http.StatusCreated, &incident)
	s.eventually("the subscriber is mailed", func() bool { return len(s.mailsTo(added)) == 1 })
	s.call("PATCH", "/incidents/"+incident.ID, `{"incident":{"status":"resolved"}}`, http.StatusOK, nil)
	s.eventually("the subscriber is mailed again", func() bool { return len(s.mailsTo(added)) == 2 })
	if got := len(s.mailsTo(visitor)); got != 1 {
		t.Errorf("%d mails to somebody who has not confirmed, want 1", got)
	}
}

// mailsTo are the subjects of the mails that the emulator has taken for an address.
func (s *stack) mailsTo(address string) (found []string) {
	s.t.Helper()
	response, err := http.Get(s.endpoint + "/_ministack/ses/messages") //nolint:noctx // a test on loopback
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var all struct {
		Messages map[string][]struct { // by account
			To      []string
			Subject string
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		s.t.Fatal(err)
	}
	for _, mails := range all.Messages {
		for _, m := range mails {
			if strings.Contains(strings.Join(m.To, " "), address) {
				found = append(found, m.Subject)
			}
		}
	}
	return found
}

// wrongParameter: the deployment fails with a sentence, and the stack that was there works on.
func wrongParameter(t *testing.T, s *stack) {
	t.Helper()
	output, err := s.try("deploy", "--param=time-zone=Mars/Olympus")
	if want := "time-zone is not a known IANA time zone"; err == nil || !strings.Contains(output, want) {
		t.Errorf("a wrong time zone: got %v and %q, want %q", err, output, want)
	}
	var incident object
	s.call("POST", "/incidents", `{"incident":{"name":"After the failed deployment"}}`, http.StatusCreated, &incident)
	published(t, s, map[string]string{"/incidents/" + incident.ID: "After the failed deployment"})
}

// corruptRecord: the emulator asks nobody what a batch's answer says of single records: it goes on behind the
// batch. So the way of a bad record to the failure queue is internal/local/loop's to prove; here it
// is the answer, which is what Lambda goes by, and that what is around it is published.
func corruptRecord(t *testing.T, s *stack) {
	t.Helper()
	sample, err := os.ReadFile(filepath.Join("..", "events", "dynamodb", "record-corrupt.json"))
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	s.invoke("publish", string(sample), &answer)
	if len(answer.BatchItemFailures) != 1 || answer.BatchItemFailures[0].ItemIdentifier != "16" {
		t.Errorf("got %+v, want the record 16", answer)
	}
	_, err = s.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(s.env["STATUS_TABLE"]), Item: map[string]dynamotypes.AttributeValue{
		"pk":  &dynamotypes.AttributeValueMemberS{Value: "PAGE#" + s.page},
		"sk":  &dynamotypes.AttributeValueMemberS{Value: "EVENT#999999999999"},
		"bad": &dynamotypes.AttributeValueMemberSS{Value: []string{"a set is nothing that we write"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var incident object
	s.call("POST", "/incidents", `{"incident":{"name":"Behind it"}}`, http.StatusCreated, &incident)
	published(t, s, map[string]string{"/incidents/" + incident.ID: "Behind it"})
}
