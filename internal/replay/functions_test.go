package replay

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/wiring"
)

func TestASampleGoesToTheFunctionsThatServerlessYMLGivesItsSource(t *testing.T) {
	wired, err := wiring.Read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range samples(t) {
		s, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Functions(s)
		if err != nil {
			t.Fatal(err)
		}
		if s.Source == "invoke" || s.Source == "cloudformation" {
			continue // these two are called by name
		}
		slices.Sort(got)
		if diff := cmp.Diff(wiredTo(t, wired, s), got); diff != "" {
			t.Errorf("%s/%s goes to (-serverless.yml +got):\n%s", s.Source, s.Name, diff)
		}
	}
}

// wiredTo are the functions that have the source of a sample as their own, sorted.
func wiredTo(t *testing.T, wired wiring.Wiring, s Sample) (names []string) {
	t.Helper()
	var payload struct {
		RawPath   string
		Resources []string
		Records   []struct{ EventSourceARN string }
	}
	if err := json.Unmarshal(s.Payload, &payload); err != nil {
		t.Fatal(err)
	}
	stream := map[string]string{"dynamodb": "StatusTable", "dynamodb-audience": "AudienceTable"}[s.Source]
	topic := map[string]string{"sns": "EventsTopic", "ses": "FeedbackTopic"}[s.Source]
	for _, f := range wired.Functions {
		for _, from := range f.Sources {
			switch {
			case from.Stream != nil && from.Stream.Table == stream,
				from.Topic != nil && from.Topic.Topic == topic,
				from.Queue != nil && s.Source == "sqs" && strings.HasSuffix(payload.Records[0].EventSourceARN, ":"+from.Queue.Queue),
				from.Schedule != nil && s.Source == "schedule" && strings.HasSuffix(payload.Resources[0], "-"+f.Name),
				from.HTTP != nil && s.Source == "http" && leads(from.HTTP.Path, payload.RawPath):
				names = append(names, f.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func leads(route, path string) bool {
	if prefix, proxy := strings.CutSuffix(route, "{proxy+}"); proxy {
		return strings.HasPrefix(path, prefix)
	}
	return route == path
}

func TestASampleOfNoFunctionOrOfSeveralIsAClearError(t *testing.T) {
	for name, c := range map[string]struct {
		sample Sample
		want   string
	}{
		"a source that is not known": {Sample{Source: "kinesis", Name: "x"}, `no function takes samples of "kinesis": want one of cloudformation, dynamodb,`},
		"a path of nobody": {
			Sample{Source: "http", Name: "x", Payload: []byte(`{"rawPath": "/v2"}`)}, `sample http/x: no function answers requests of rawPath "/v2"`,
		},
		"a queue of nobody": {
			Sample{Source: "sqs", Name: "x", Payload: []byte(`{"Records": [{"eventSourceARN": "arn:aws:sqs:local:000000000000:Other"}]}`)},
			`sample sqs/x: no function works on the queue of eventSourceARN`,
		},
		"a queue without records": {Sample{Source: "sqs", Name: "x", Payload: []byte(`{}`)}, "sample sqs/x: it has no Records"},
		"a rule of nobody": {
			Sample{Source: "schedule", Name: "x", Payload: []byte(`{"resources": []}`)}, "sample schedule/x: no function is called by the rule in resources",
		},
		"no object":         {Sample{Source: "http", Name: "x", Payload: []byte(`[]`)}, "sample http/x: read rawPath"},
		"several functions": {Sample{Source: "dynamodb", Name: "x"}, "sample dynamodb/x goes to several functions: publish, announce"},
	} {
		if got, err := Function(c.sample); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %q, %v, want an error with %q", name, got, err, c.want)
		}
	}
}

// What the topic brings to dispatch is what announce made of what the stream brought.
func TestTheSampleOfTheTopicIsWhatIsAnnounced(t *testing.T) {
	w, err := newWorld(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	announced, err := Read(filepath.Join(eventsFolder, "dynamodb", "incident-created.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.before(t.Context(), announced, eventsFolder); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run(t.Context(), "announce", announced); err != nil {
		t.Fatal(err)
	}
	published := w.events.Take()
	sample, err := Read(filepath.Join(eventsFolder, "sns", "incident-created.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got events.SNSEvent
	if err := json.Unmarshal(sample.Payload, &got); err != nil {
		t.Fatal(err)
	}
	if len(published) != 1 || len(got.Records) != 1 {
		t.Fatalf("got %d messages of announce and %d in the sample, want one each", len(published), len(got.Records))
	}
	if diff := cmp.Diff(published[0].Body, got.Records[0].SNS.Message); diff != "" {
		t.Errorf("message (-announced +sample):\n%s", diff)
	}
	attributes := map[string]any{}
	for name, a := range published[0].Attributes {
		attributes[name] = map[string]any{"Type": a.Type(), "Value": a.Value()}
	}
	if diff := cmp.Diff(attributes, got.Records[0].SNS.MessageAttributes); diff != "" {
		t.Errorf("attributes (-announced +sample):\n%s", diff)
	}
}

// Links of samples are those that the mails before them brought.
func TestLinksOfSamplesAreThoseOfTheMails(t *testing.T) {
	for sample, mail := range map[string]string{
		"http.subscription-confirm":       "dynamodb-audience.confirmation-requested",
		"http.subscription-confirm-shown": "dynamodb-audience.confirmation-requested",
		"http.unsubscribe-one-click":      "sqs.mail-chunk",
	} {
		source, name, _ := strings.Cut(sample, ".")
		s, err := Read(filepath.Join(eventsFolder, source, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var request struct{ RawQueryString, Body string }
		if err := json.Unmarshal(s.Payload, &request); err != nil {
			t.Fatal(err)
		}
		link := request.Body
		if request.RawQueryString != "" {
			link = request.RawQueryString
		}
		effects, err := File(t.Context(), filepath.Join(eventsFolder, filepath.FromSlash(strings.Replace(mail, ".", "/", 1))+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(link, "t=") || !strings.Contains(effects, "?"+link+"\n") {
			t.Errorf("%s: got the link %q, which is not in the mail of %s", sample, link, mail)
		}
	}
}
