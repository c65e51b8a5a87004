// Package wiring reads from serverless.yml and the files that it includes what is wired to what:
// functions, their event sources, and the tables, queues and topics behind those. The laptop runs
// what it reads and the cloud deploys the same file, so the two cannot drift. It understands
// literals, Ref and long-form Fn::GetAtt; where it reads and finds anything else, or a setting that
// it does not know, it refuses the file and names the place. What only the cloud needs it skips.
package wiring

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"time"
)

// Wiring is what is wired to what, in the order of the file.
type Wiring struct {
	Functions []Function
	Resources map[string]Resource // by logical id
}

// Function is one Lambda function.
type Function struct {
	Name        string
	Handler     string
	Description string
	Timeout     time.Duration
	// Retries is how often an asynchronous invocation (Schedule, Topic) that failed is tried again.
	Retries int
	// OnFailure is the logical id of the queue that hears of asynchronous invocations that failed
	// for good; "" when none does.
	OnFailure string
	Sources   []Source
}

// Source is one event source of a function. Exactly one of its members is set.
type Source struct {
	HTTP     *HTTP
	Stream   *Stream
	Schedule *Schedule
	Queue    *Queue
	Topic    *Topic
}

// HTTP is a route of the HTTP API. Method "*" is any; a path may end in a {proxy+}.
type HTTP struct {
	Method string
	Path   string
}

// Stream is an event source mapping of a table's stream. The settings are those of
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html.
type Stream struct {
	Table                   string // logical id
	Disabled                bool
	BatchSize               int
	BatchWindow             time.Duration
	MaximumRetryAttempts    int           // after the first; -1 is for ever
	MaximumRecordAge        time.Duration // 0 is for ever
	Bisect                  bool
	ReportBatchItemFailures bool
	FilterPatterns          []json.RawMessage // a record that matches one is delivered; none: all are
	OnFailure               string            // logical id of the queue that hears of discarded records
}

// Schedule invokes a function at a fixed rate.
type Schedule struct {
	Name     string // of the rule; the function's name when the file gives none
	Disabled bool
	Rate     time.Duration
}

// Queue is an event source mapping of a queue.
type Queue struct {
	Queue                   string // logical id
	Disabled                bool
	BatchSize               int
	BatchWindow             time.Duration
	MaximumConcurrency      int // 0 is unlimited
	ReportBatchItemFailures bool
	FilterPatterns          []json.RawMessage
}

// Topic is a subscription of a function to a topic.
type Topic struct {
	Topic        string          // logical id
	FilterPolicy json.RawMessage // on message attributes, nil for everything
	Redrive      string          // logical id of the queue for messages that could not be handed over
}

// Resource is one CloudFormation resource, with what a laptop needs to know of a table or a queue.
type Resource struct {
	Type       string // such as AWS::DynamoDB::Table
	StreamView string // of a table, such as NEW_IMAGE; "" when it has no stream

	// Of a queue: how long who received a message has to delete it, and how often it is received
	// before it goes to the queue with the logical id DeadLetter; 0 and "" when it never does.
	VisibilityTimeout time.Duration
	MaxReceiveCount   int
	DeadLetter        string
}

// Types of resources that sources and destinations may name.
const (
	typeTable = "AWS::DynamoDB::Table"
	typeQueue = "AWS::SQS::Queue"
	TypeTopic = "AWS::SNS::Topic"
)

// Disabled tells whether the source is switched off in the file.
func (s Source) Disabled() bool {
	return s.Stream != nil && s.Stream.Disabled || s.Schedule != nil && s.Schedule.Disabled || s.Queue != nil && s.Queue.Disabled
}

// File is the name of the file that Read starts from.
const File = "serverless.yml"

// Read reads the wiring from File and its includes in files.
func Read(files fs.FS) (Wiring, error) {
	r := reader{files: files, wiring: Wiring{Resources: map[string]Resource{}}, timeout: defaultTimeout}
	root, err := r.parse(File)
	if err != nil {
		return Wiring{}, err
	}
	members, err := root.members()
	if err != nil {
		return Wiring{}, err
	}
	// The provider's timeout is the functions' default, and sources name resources, wherever the
	// file puts them: so this order and not the file's.
	sections := []struct {
		name string
		read func(node) error
	}{
		{"provider", r.provider}, {"resources", r.resources}, {"functions", r.functions},
	}
	for _, s := range sections {
		section, ok := find(members, s.name)
		if !ok {
			return Wiring{}, root.fail("no section %s", s.name)
		}
		if err := s.read(section); err != nil {
			return Wiring{}, err
		}
	}
	return r.wiring, nil
}

// reader is one reading of a file and its includes.
type reader struct {
	files   fs.FS
	wiring  Wiring
	timeout time.Duration  // of functions that give none
	later   []func() error // checks that need all resources
}

// defaultTimeout is what the deployment tool gives a function without a timeout.
const defaultTimeout = 6 * time.Second

func (r *reader) provider(n node) error {
	members, err := n.members()
	if err != nil {
		return err
	}
	timeout, ok := find(members, "timeout")
	if !ok {
		return nil
	}
	r.timeout, err = timeout.seconds(1, 900)
	return err
}

// Function finds a function by name.
func (w Wiring) Function(name string) (Function, bool) {
	for _, f := range w.Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// String names a source in a log or an error.
func (s Source) String() string {
	switch {
	case s.HTTP != nil:
		return fmt.Sprintf("httpApi %s %s", s.HTTP.Method, s.HTTP.Path)
	case s.Stream != nil:
		return "stream of " + s.Stream.Table
	case s.Schedule != nil:
		return "schedule every " + s.Schedule.Rate.String()
	case s.Queue != nil:
		return "sqs " + s.Queue.Queue
	case s.Topic != nil:
		return "sns " + s.Topic.Topic
	default:
		return "no source"
	}
}
