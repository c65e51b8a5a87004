package wiring

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// source adds the sources of one element of a function's events.
func (r *reader) source(f *Function, n node) error {
	members, err := n.members()
	if err != nil {
		return err
	}
	if len(members) != 1 {
		return n.fail("want one kind of event, not %d", len(members))
	}
	value := members[0].value
	var s Source
	switch members[0].name {
	case "httpApi":
		s.HTTP, err = readHTTP(value)
	case "stream":
		s.Stream, err = r.stream(value)
	case "schedule":
		s.Schedule, err = schedule(value, f.Name)
	case "sqs":
		s.Queue, err = r.queue(value)
	case "sns":
		s.Topic, err = r.topic(value)
	default:
		return value.fail("this kind of event is not known here")
	}
	f.Sources = append(f.Sources, s)
	return err
}

var route = regexp.MustCompile(`^(?:\*|ANY|GET|POST|PUT|PATCH|OPTIONS|HEAD|DELETE) /\S*$`)

// readHTTP reads "GET /path" or {method, path}. "*" and ANY are both any method.
func readHTTP(n node) (*HTTP, error) {
	var h HTTP
	if n.yaml.Kind == yaml.MappingNode {
		err := n.read(map[string]func(node) error{"method": into(&h.Method, node.text), "path": into(&h.Path, node.text)})
		if err != nil {
			return nil, err
		}
	} else {
		s, err := n.text()
		if err != nil {
			return nil, err
		}
		h.Method, h.Path, _ = strings.Cut(s, " ")
		if h.Method == "*" {
			return nil, n.fail("want {method: '*', path: …} for any method")
		}
	}
	h.Method = strings.ToUpper(h.Method)
	if !route.MatchString(h.Method + " " + h.Path) {
		return nil, n.fail("want a method and a path, not %q", h.Method+" "+h.Path)
	}
	if h.Method == "ANY" {
		h.Method = "*"
	}
	return &h, nil
}

func (r *reader) stream(n node) (*Stream, error) {
	s := Stream{BatchSize: 100, MaximumRetryAttempts: unset, MaximumRecordAge: unset}
	err := n.read(map[string]func(node) error{
		"type":             word("dynamodb"),
		"arn":              func(n node) (err error) { s.Table, err = r.streamedTable(n); return err },
		"enabled":          disabled(&s.Disabled),
		"startingPosition": word("TRIM_HORIZON"),
		"batchSize":        func(n node) (err error) { s.BatchSize, err = n.between(1, 10000); return err },
		"batchWindow":      func(n node) (err error) { s.BatchWindow, err = n.seconds(0, 300); return err },
		"maximumRetryAttempts": func(n node) (err error) {
			s.MaximumRetryAttempts, err = n.between(-1, 10000)
			return err
		},
		"maximumRecordAgeInSeconds": func(n node) (err error) {
			s.MaximumRecordAge, err = n.seconds(-1, 604800)
			if err == nil && s.MaximumRecordAge >= 0 && s.MaximumRecordAge < time.Minute {
				err = n.fail("want -1 or at least 60")
			}
			s.MaximumRecordAge = max(s.MaximumRecordAge, 0)
			return err
		},
		"bisectBatchOnFunctionError": into(&s.Bisect, node.truth),
		"functionResponseType":       reports(&s.ReportBatchItemFailures),
		"filterPatterns":             into(&s.FilterPatterns, filterPatterns),
		"destinations":               func(n node) (err error) { s.OnFailure, err = r.onFailure(n); return err },
	})
	switch {
	case err != nil:
		return nil, err
	case s.Table == "":
		return nil, n.fail("no arn")
	case s.MaximumRetryAttempts == unset:
		return nil, n.fail("no maximumRetryAttempts: the service's default is for ever")
	case s.MaximumRecordAge == unset:
		return nil, n.fail("no maximumRecordAgeInSeconds: the service's default is for ever")
	}
	return &s, nil
}

// unset is a value that no setting can have.
const unset = -2

func (r *reader) streamedTable(n node) (string, error) {
	id, err := r.resource(n, "StreamArn", typeTable)
	if err != nil {
		return "", err
	}
	if view := r.wiring.Resources[id].StreamView; view != "NEW_IMAGE" {
		return "", n.fail("%s has the stream view %q, want NEW_IMAGE", id, view)
	}
	return id, nil
}

func disabled(target *bool) func(node) error {
	return func(n node) error {
		enabled, err := n.truth()
		*target = !enabled
		return err
	}
}

func reports(target *bool) func(node) error {
	return func(n node) error {
		*target = true
		return word("ReportBatchItemFailures")(n)
	}
}

func filterPatterns(n node) ([]json.RawMessage, error) {
	elements, err := n.elements()
	if err != nil {
		return nil, err
	}
	patterns := make([]json.RawMessage, len(elements))
	for i, e := range elements {
		if patterns[i], err = e.json(); err != nil {
			return nil, err
		}
	}
	return patterns, nil
}

// schedule reads "rate(…)" or {rate: ["rate(…)"], name, description, enabled}.
func schedule(n node, function string) (*Schedule, error) {
	s := Schedule{Name: function}
	if n.yaml.Kind != yaml.MappingNode {
		var err error
		s.Rate, err = rate(n)
		return &s, err
	}
	err := n.read(map[string]func(node) error{
		"rate": func(n node) error {
			rates, err := n.elements()
			if err != nil {
				return err
			}
			if len(rates) != 1 {
				return n.fail("want one rate, not %d", len(rates))
			}
			s.Rate, err = rate(rates[0])
			return err
		},
		"name":        into(&s.Name, node.text),
		"description": func(node) error { return nil },
		"enabled":     disabled(&s.Disabled),
	})
	if err == nil && s.Rate == 0 {
		err = n.fail("no rate")
	}
	return &s, err
}

var rateForm = regexp.MustCompile(`^rate\((?:1 (minute|hour|day)|(1\d+|[2-9]\d*) (minute|hour|day)s)\)$`)

func rate(n node) (time.Duration, error) {
	s, err := n.text()
	if err != nil {
		return 0, err
	}
	m := rateForm.FindStringSubmatch(s)
	if m == nil || len(m[2]) > 6 {
		return 0, n.fail("want a rate such as rate(1 minute) or rate(5 minutes), not %q", s)
	}
	number, unit := 1, m[1]
	if unit == "" {
		unit = m[3]
		if number, err = strconv.Atoi(m[2]); err != nil {
			return 0, n.fail("%v", err)
		}
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	return time.Duration(number) * units[unit], nil
}

func (r *reader) queue(n node) (*Queue, error) {
	q := Queue{BatchSize: 10}
	err := n.read(map[string]func(node) error{
		"arn":       func(n node) (err error) { q.Queue, err = r.resource(n, "Arn", typeQueue); return err },
		"enabled":   disabled(&q.Disabled),
		"batchSize": func(n node) (err error) { q.BatchSize, err = n.between(1, 10000); return err },
		"maximumBatchingWindow": func(n node) (err error) {
			q.BatchWindow, err = n.seconds(0, 300)
			return err
		},
		"maximumConcurrency": func(n node) (err error) {
			q.MaximumConcurrency, err = n.between(2, 1000)
			return err
		},
		"functionResponseType": reports(&q.ReportBatchItemFailures),
		"filterPatterns":       into(&q.FilterPatterns, filterPatterns),
	})
	if err == nil && q.Queue == "" {
		err = n.fail("no arn")
	}
	if err == nil && q.BatchSize > 10 && q.BatchWindow == 0 {
		err = n.fail("a batchSize over 10 needs a maximumBatchingWindow")
	}
	return &q, err
}

// topic reads an sns event of a topic in this file: {arn: {Ref: Topic}, topicName: any}.
func (r *reader) topic(n node) (*Topic, error) {
	var t Topic
	err := n.read(map[string]func(node) error{
		"arn":          func(n node) (err error) { t.Topic, err = r.resource(n, "", TypeTopic); return err },
		"topicName":    func(node) error { return nil },
		"filterPolicy": into(&t.FilterPolicy, node.json),
		"redrivePolicy": func(n node) error {
			return n.read(map[string]func(node) error{
				"deadLetterTargetRef": func(n node) (err error) { t.Redrive, err = r.deadLetter(n); return err },
			})
		},
	})
	if err == nil && t.Topic == "" {
		err = n.fail("no arn")
	}
	return &t, err
}

// deadLetter reads the bare logical id that a redrive policy gives.
func (r *reader) deadLetter(n node) (string, error) {
	id, err := n.text()
	if err == nil && r.wiring.Resources[id].Type != typeQueue {
		err = n.fail("no queue %s", id)
	}
	return id, err
}
