package schematest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"allclear/internal/mailer"
	mails "allclear/internal/mailer/memory"
	"allclear/internal/mailer/simulator"
	"allclear/internal/stream"
)

const eventsFolder = "../../events"

// spoilt are the samples that are wrong on purpose, to show what becomes of such a thing.
var spoilt = []string{"dynamodb/record-corrupt"}

// sample is one file of the events folder, named "source/name".
type sample struct {
	name    string
	payload []byte
}

func samples(t *testing.T) []sample {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(eventsFolder, "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	var list []sample
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutSuffix(filepath.Base(file), ".json")
		if !ok {
			t.Errorf("%s is no JSON file", file)
		}
		list = append(list, sample{filepath.Base(filepath.Dir(file)) + "/" + name, payload})
	}
	return list
}

// sourceExamples are the samples, and what is inside them: bodies of requests and images of items.
func sourceExamples(t *testing.T, all *Schemas) []example {
	t.Helper()
	var examples []example
	for _, s := range samples(t) {
		if slices.Contains(spoilt, s.name) {
			continue
		}
		folder, _, _ := strings.Cut(s.name, "/")
		source, _, _ := strings.Cut(folder, "-") // what follows says which table
		if source == "ses" {                     // events of SES come through a topic
			examples = append(examples, example{s.name, "source/sns", parse(t, s.payload)})
			examples = append(examples, messages(t, s, "source/ses")...)
			continue
		}
		examples = append(examples, example{s.name, "source/" + source, parse(t, s.payload)})
		switch source {
		case "http":
			examples = append(examples, body(t, s)...)
		case "dynamodb":
			examples = append(examples, images(t, all, s)...)
		case "sns":
			examples = append(examples, messages(t, s, "event/event")...)
		case "sqs":
			examples = append(examples, chunks(t, s)...)
		}
	}
	return append(examples, simulated(t)...)
}

// bodies collects what a laptop's simulator of SES publishes.
type bodies []string

func (b *bodies) Publish(_ context.Context, body string) error {
	*b = append(*b, body)
	return nil
}

// simulated are the events that the simulator makes of every kind of mail.
func simulated(t *testing.T) []example {
	t.Helper()
	var told bodies
	m := simulator.New(new(mails.Mailer), &told, simulator.Options{Now: func() time.Time { return now }})
	for _, name := range []string{"success", "bounce", "suppressionlist", "complaint", "delay", "mailboxfull", "reject"} {
		_, err := m.Send(t.Context(), mailer.Message{
			From: "status@example.com", To: name + "@example.com", Raw: []byte("Subject: x\r\n\r\n"),
			Tags: map[string]string{"page": samplePage, "subject": "sampleincid1", "event": samplePage + "-3", "subscriber": "samplesubs01"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var examples []example
	for n, body := range told {
		examples = append(examples, example{fmt.Sprint("simulated event ", n), "source/ses", parse(t, []byte(body))})
	}
	return examples
}

// inputSchemas says which schema the body of a request has, by its method and path.
var inputSchemas = []struct {
	request *regexp.Regexp
	schema  string
}{
	{regexp.MustCompile(`^(PATCH|PUT) /v1/pages/[^/]+$`), "input/page"},
	{regexp.MustCompile(`^(POST /v1/pages/[^/]+/incidents|(PATCH|PUT) /v1/pages/[^/]+/incidents/[^/]+)$`), "input/incident"},
	{regexp.MustCompile(`^(PATCH|PUT) /v1/pages/[^/]+/incidents/[^/]+/incident_updates/[^/]+$`), "input/incident_update"},
	{regexp.MustCompile(`^(POST /v1/pages/[^/]+/components|(PATCH|PUT) /v1/pages/[^/]+/components/[^/]+)$`), "input/component"},
	{regexp.MustCompile(`^(POST /v1/pages/[^/]+/component-groups|(PATCH|PUT) /v1/pages/[^/]+/component-groups/[^/]+)$`), "input/component_group"},
}

// body is the JSON body of a request, if it has one. A form's values are all text; what the API
// makes of them is its own tests' matter.
func body(t *testing.T, s sample) []example {
	t.Helper()
	var request struct {
		RawPath string            `json:"rawPath"`
		Headers map[string]string `json:"headers"`
		Context struct {
			HTTP struct {
				Method string `json:"method"`
			} `json:"http"`
		} `json:"requestContext"`
		Body    string `json:"body"`
		Encoded bool   `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(s.payload, &request); err != nil {
		t.Fatal(err)
	}
	if request.Encoded || !strings.HasPrefix(request.Headers["content-type"], "application/json") {
		return nil
	}
	e := example{name: "body of " + s.name, instance: parse(t, []byte(request.Body))}
	for _, i := range inputSchemas {
		if i.request.MatchString(request.Context.HTTP.Method + " " + request.RawPath) {
			e.schema = i.schema
		}
	}
	return []example{e}
}

// messages are what a topic brings.
func messages(t *testing.T, s sample, schema string) []example {
	t.Helper()
	var batch struct {
		Records []struct {
			SNS struct{ Message string } `json:"Sns"`
		}
	}
	if err := json.Unmarshal(s.payload, &batch); err != nil {
		t.Fatal(err)
	}
	var examples []example
	for _, r := range batch.Records {
		examples = append(examples, example{"message of " + s.name, schema, parse(t, []byte(r.SNS.Message))})
	}
	return examples
}

// images are the items that a batch brings.
func images(t *testing.T, all *Schemas, s sample) []example {
	t.Helper()
	var batch stream.Event
	if err := json.Unmarshal(s.payload, &batch); err != nil {
		t.Fatal(err)
	}
	var examples []example
	for _, raw := range batch.Records {
		record, err := stream.Decode(raw)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if record.New != nil {
			examples = append(examples, example{"image of " + s.name, itemSchema(t, all, record.Key), image(t, *record.New)})
		}
	}
	return examples
}

// chunks are the bodies of what a queue brings.
func chunks(t *testing.T, s sample) []example {
	t.Helper()
	var batch events.SQSEvent
	if err := json.Unmarshal(s.payload, &batch); err != nil {
		t.Fatal(err)
	}
	var examples []example
	for _, m := range batch.Records {
		examples = append(examples, example{"body of " + s.name, "queue/chunk", parse(t, []byte(m.Body))})
	}
	return examples
}

func TestSpoiltSamplesAreStillWrong(t *testing.T) {
	all, found := schemas(t), 0
	for _, s := range samples(t) {
		if !slices.Contains(spoilt, s.name) {
			continue
		}
		found++
		source, _, _ := strings.Cut(s.name, "/")
		if all.compiled["source/"+source].Validate(parse(t, s.payload)) == nil {
			t.Errorf("%s is valid: it is no exception any more", s.name)
		}
	}
	if found != len(spoilt) {
		t.Errorf("got %d of the samples %v, want all", found, spoilt)
	}
}
