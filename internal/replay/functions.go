package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// route finds the functions that an event of one source goes to.
type route func(payload []byte) ([]string, error)

// routes are the ways that serverless.yml describes, by the folder of the samples. A test holds them
// to it.
var routes = map[string]route{
	"cloudformation":    to("setup"),
	"dynamodb":          to("publish", "announce"), // the Status table's stream has two readers
	"dynamodb-audience": to("welcome"),
	"http":              byPath,
	"invoke":            to("keys"),
	"schedule":          byRule,
	"ses":               to("feedback"),
	"sns":               to("dispatch"),
	"sqs":               byQueue,
}

// Functions are the names in serverless.yml of the functions that a sample goes to.
func Functions(s Sample) ([]string, error) {
	r, ok := routes[s.Source]
	if !ok {
		return nil, fmt.Errorf("no function takes samples of %q: want one of %s", s.Source, strings.Join(slices.Sorted(maps.Keys(routes)), ", "))
	}
	names, err := r(s.Payload)
	if err != nil {
		return nil, fmt.Errorf("sample %s/%s: %w", s.Source, s.Name, err)
	}
	return names, nil
}

// Function is the only function that a sample goes to. More than one is an error that names them.
func Function(s Sample) (string, error) {
	names, err := Functions(s)
	if err != nil {
		return "", err
	}
	if len(names) > 1 {
		return "", fmt.Errorf("sample %s/%s goes to several functions: %s", s.Source, s.Name, strings.Join(names, ", "))
	}
	return names[0], nil
}

func to(functions ...string) route {
	return func([]byte) ([]string, error) { return slices.Clone(functions), nil }
}

// byPath tells who answers a request.
func byPath(payload []byte) ([]string, error) {
	var request struct {
		RawPath string `json:"rawPath"`
	}
	if err := json.Unmarshal(payload, &request); err != nil {
		return nil, fmt.Errorf("read rawPath: %w", err)
	}
	path := request.RawPath
	switch {
	case strings.HasPrefix(path, "/v1/"):
		return []string{"api"}, nil
	case path == "/subscribe", path == "/api/v2/subscribers.json", strings.HasPrefix(path, "/subscriptions/"):
		return []string{"subscribe"}, nil
	default:
		return nil, fmt.Errorf("no function answers requests of rawPath %q", path)
	}
}

// byQueue tells who works on the messages of a queue.
func byQueue(payload []byte) ([]string, error) {
	var batch struct {
		Records []struct {
			ARN string `json:"eventSourceARN"`
		}
	}
	if err := json.Unmarshal(payload, &batch); err != nil {
		return nil, fmt.Errorf("read eventSourceARN: %w", err)
	}
	if len(batch.Records) == 0 {
		return nil, errors.New("it has no Records")
	}
	arn := batch.Records[0].ARN
	switch queue := arn[strings.LastIndexByte(arn, ':')+1:]; queue {
	case mailQueue:
		return []string{"mail"}, nil
	case webhookQueue:
		return []string{"webhook"}, nil
	default:
		return nil, fmt.Errorf("no function works on the queue of eventSourceARN %q", arn)
	}
}

// byRule tells whom a rule of the schedule calls. Its name ends in that of the function.
func byRule(payload []byte) ([]string, error) {
	var event struct {
		Resources []string `json:"resources"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	for _, function := range []string{"tick", "welcome"} {
		if len(event.Resources) == 1 && strings.HasSuffix(event.Resources[0], "-"+function) {
			return []string{function}, nil
		}
	}
	return nil, fmt.Errorf("no function is called by the rule in resources %q", event.Resources)
}
