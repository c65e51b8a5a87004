package wiring_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/wiring"
)

func TestTheProjectsOwnFileIsUnderstoodWhole(t *testing.T) {
	got, err := wiring.Read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]wiring.Source{
		"api": {
			{HTTP: &wiring.HTTP{Method: "*", Path: "/v1"}},
			{HTTP: &wiring.HTTP{Method: "*", Path: "/v1/{proxy+}"}},
		},
		"publish": {{Stream: &wiring.Stream{
			Table: "StatusTable", BatchSize: 100, MaximumRetryAttempts: 5, MaximumRecordAge: time.Hour,
			Bisect: true, ReportBatchItemFailures: true, OnFailure: "FailureQueue",
			FilterPatterns: []json.RawMessage{[]byte(`{"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"EVENT#"}]}}},"eventName":["INSERT"]}`)},
		}}},
		"tick": {{Schedule: &wiring.Schedule{Name: "tick", Rate: time.Minute}}},
	} {
		f, ok := got.Function(name)
		if !ok {
			t.Errorf("got no function %s", name)
			continue
		}
		if d := cmp.Diff(want, f.Sources); d != "" {
			t.Errorf("sources of %s (-want +got):\n%s", name, d)
		}
		if f.Timeout == 0 || f.Description == "" || f.Handler != "bootstrap" {
			t.Errorf("got %+v, want a timeout, a description and the handler bootstrap", f)
		}
	}
	for id, want := range map[string]wiring.Resource{
		"StatusTable":     {Type: "AWS::DynamoDB::Table", StreamView: "NEW_IMAGE"},
		"AudienceTable":   {Type: "AWS::DynamoDB::Table", StreamView: "NEW_IMAGE"},
		"DeliveriesTable": {Type: "AWS::DynamoDB::Table"},
		"FailureQueue":    {Type: "AWS::SQS::Queue", VisibilityTimeout: 30 * time.Second},
	} {
		if got.Resources[id] != want {
			t.Errorf("%s: got %+v, want %+v", id, got.Resources[id], want)
		}
	}
}

// No function may fail without anybody hearing of it, and DynamoDB lets two readers at a stream.
func TestTheProjectsSourcesHaveAFailureDestinationAndAtMostTwoReaders(t *testing.T) {
	w, err := wiring.Read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string]int{}
	for _, f := range w.Functions {
		for _, s := range f.Sources {
			switch {
			case s.Stream != nil:
				readers[s.Stream.Table]++
				if s.Stream.OnFailure == "" || !s.Stream.ReportBatchItemFailures || s.Stream.MaximumRetryAttempts < 0 || s.Stream.MaximumRecordAge == 0 {
					t.Errorf("%s, %s: want a failure destination, batch item failures and bounds", f.Name, s)
				}
			case s.Queue != nil:
				queue := w.Resources[s.Queue.Queue]
				if queue.DeadLetter == "" || queue.MaxReceiveCount < 5 || !s.Queue.ReportBatchItemFailures || s.Queue.MaximumConcurrency == 0 {
					t.Errorf("%s, %s: want a dead-letter queue after 5 receives or more, batch item failures and a bound on concurrency", f.Name, s)
				}
			case (s.Schedule != nil || s.Topic != nil) && f.OnFailure == "":
				t.Errorf("%s, %s: want a failure destination", f.Name, s)
			}
		}
	}
	for table, n := range readers {
		if n > 2 {
			t.Errorf("%s: got %d readers of its stream, want at most 2", table, n)
		}
	}
}

// files is a small file around the events of one function.
func files(events string) fstest.MapFS {
	return fstest.MapFS{
		"serverless.yml": {Data: []byte(`
service: x
provider: {name: aws, timeout: 7}
functions:
  f:
    handler: bootstrap
    events:
` + events + `
resources:
  - ${file(./r.yml)}
  - Resources:
      Queue:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: !Sub '${AWS::StackName}-q'
          VisibilityTimeout: 43
          RedrivePolicy: {deadLetterTargetArn: {Fn::GetAtt: [Dead, Arn]}, maxReceiveCount: 5}
      Dead: {Type: AWS::SQS::Queue}
`)},
		"r.yml": {Data: []byte(`
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub '${AWS::StackName}-t'
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Plain: {Type: AWS::DynamoDB::Table}
  Old:
    Type: AWS::DynamoDB::Table
    Properties: {StreamSpecification: {StreamViewType: OLD_IMAGE}}
  Topic: {Type: AWS::SNS::Topic}
Outputs: {X: {Value: !Ref Table}}
`)},
	}
}

func TestEverySourceIsRead(t *testing.T) {
	w, err := wiring.Read(files(`
      - httpApi: GET /a
      - httpApi: {method: any, path: /b}
      - stream: {type: dynamodb, arn: {Fn::GetAtt: [Table, StreamArn]}, maximumRetryAttempts: -1, maximumRecordAgeInSeconds: -1, batchWindow: 2, enabled: false}
      - schedule: rate(5 minutes)
      - schedule: {rate: ['rate(1 day)'], name: nightly, enabled: false, description: x}
      - sqs: {arn: {Fn::GetAtt: [Queue, Arn]}, batchSize: 5, maximumBatchingWindow: 1, maximumConcurrency: 3, functionResponseType: ReportBatchItemFailures, filterPatterns: [{body: {a: [1, 2.5, null, true]}}]}
      - sns: {arn: {Ref: Topic}, topicName: any, filterPolicy: {kind: [incident]}, redrivePolicy: {deadLetterTargetRef: Queue}}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []wiring.Source{
		{HTTP: &wiring.HTTP{Method: "GET", Path: "/a"}},
		{HTTP: &wiring.HTTP{Method: "*", Path: "/b"}},
		{Stream: &wiring.Stream{Table: "Table", Disabled: true, BatchSize: 100, BatchWindow: 2 * time.Second, MaximumRetryAttempts: -1}},
		{Schedule: &wiring.Schedule{Name: "f", Rate: 5 * time.Minute}},
		{Schedule: &wiring.Schedule{Name: "nightly", Disabled: true, Rate: 24 * time.Hour}},
		{Queue: &wiring.Queue{
			Queue: "Queue", BatchSize: 5, BatchWindow: time.Second, MaximumConcurrency: 3, ReportBatchItemFailures: true,
			FilterPatterns: []json.RawMessage{[]byte(`{"body":{"a":[1,2.5,null,true]}}`)},
		}},
		{Topic: &wiring.Topic{Topic: "Topic", FilterPolicy: []byte(`{"kind":["incident"]}`), Redrive: "Queue"}},
	}
	if d := cmp.Diff(want, w.Functions[0].Sources); d != "" {
		t.Errorf("sources (-want +got):\n%s", d)
	}
	if got, want := w.Functions[0].Timeout, 7*time.Second; got != want {
		t.Errorf("got timeout %s, want the provider's %s", got, want)
	}
	if got, want := w.Functions[0].Retries, 2; got != want {
		t.Errorf("got %d retries, want Lambda's own %d", got, want)
	}
	for id, want := range map[string]wiring.Resource{
		"Queue": {Type: "AWS::SQS::Queue", VisibilityTimeout: 43 * time.Second, MaxReceiveCount: 5, DeadLetter: "Dead"},
		"Dead":  {Type: "AWS::SQS::Queue", VisibilityTimeout: 30 * time.Second},
		"Topic": {Type: "AWS::SNS::Topic"},
	} {
		if d := cmp.Diff(want, w.Resources[id]); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
}

// stream is a stream event with what must be there and one setting more.
func stream(setting string) string {
	return `
      - stream:
          type: dynamodb
          arn: {Fn::GetAtt: [Table, StreamArn]}
          maximumRetryAttempts: 1
          maximumRecordAgeInSeconds: 60
          ` + setting
}

func TestWhatIsNotUnderstoodIsRefusedWithItsPlace(t *testing.T) {
	const bounds = `maximumRetryAttempts: 1, maximumRecordAgeInSeconds: 60`
	for events, want := range map[string]string{
		`      - eventBridge: {}`:                                                                                "serverless.yml:8: functions.f.events[0].eventBridge: this kind of event is not known here",
		`      - {httpApi: GET /a, schedule: rate(1 day)}`:                                                       "functions.f.events[0]: want one kind of event",
		`      - httpApi`:                                                                                        "want a mapping, not the str httpApi",
		`      - httpApi: '* /a'`:                                                                                "want {method: '*'",
		`      - httpApi: FETCH /a`:                                                                              "want a method and a path",
		`      - httpApi: {path: /a, cors: true}`:                                                                "httpApi.cors: this setting is not known here",
		`      - schedule: cron(0 12 * * ? *)`:                                                                   "want a rate",
		`      - schedule: rate(1 minutes)`:                                                                      "want a rate",
		`      - schedule: rate(0 minutes)`:                                                                      "want a rate",
		`      - schedule: {rate: [rate(1 day), rate(2 days)]}`:                                                  "want one rate, not 2",
		`      - schedule: {name: x}`:                                                                            "no rate",
		`      - schedule: {rate: [rate(1 day)], input: {a: 1}}`:                                                 "schedule.input: this setting is not known here",
		stream("parallelizationFactor: 2"):                                                                       "serverless.yml:14: functions.f.events[0].stream.parallelizationFactor: this setting is not known here",
		stream("batchSize: ${self:custom.size}"):                                                                 "want a literal, not a variable",
		stream("batchSize: many"):                                                                                "want a whole number, not the str many",
		stream("batchSize: 1.5"):                                                                                 "want a whole number, not the float 1.5",
		stream("batchSize: 0"):                                                                                   "want 1 to 10000, not 0",
		stream("batchSize: 99999999999999999999"):                                                                "batchSize",
		stream("batchSize: {Ref: Size}"):                                                                         "want a literal, not a mapping",
		stream("batchSize: !Ref Size"):                                                                           "want a literal, not the tag !Ref",
		stream("batchSize: &size 5"):                                                                             "want a literal, not an anchor",
		stream("batchSize: 1\n          batchSize: 2"):                                                           "this name is there twice",
		stream("enabled: maybe"):                                                                                 "want true or false",
		stream("startingPosition: LATEST"):                                                                       "LATEST is not known here",
		stream("functionResponseType: Other"):                                                                    "Other is not known here",
		stream("filterPatterns: {a: [1]}"):                                                                       "want a list, not a mapping",
		stream("filterPatterns: [{a: [!Ref X]}]"):                                                                "filterPatterns[0].a[0]: want a literal, not the tag !Ref",
		stream("destinations: {}"):                                                                               "no onFailure",
		stream("destinations: {onFailure: arn:aws:sqs:x}"):                                                       "want a mapping",
		stream("destinations: {onFailure: {type: sns, arn: {Ref: Topic}}}"):                                      "sns is not known here",
		stream("destinations: {onFailure: {type: sqs, arn: {Ref: Queue}}}"):                                      "want {Fn::GetAtt: [LogicalId, Arn]}, not Ref",
		stream("destinations: {onFailure: {type: sqs, arn: {Fn::GetAtt: [Topic, Arn]}}}"):                        "Topic is AWS::SNS::Topic, want AWS::SQS::Queue",
		stream("destinations: {onFailure: {type: sqs, arn: {Fn::GetAtt: [Nowhere, Arn]}}}"):                      "no resource Nowhere",
		stream("destinations: {onFailure: {type: sqs, arn: !GetAtt Queue.Arn}}"):                                 "want {Fn::GetAtt: [LogicalId, Arn]}",
		`      - stream: {type: dynamodb, ` + bounds + `}`:                                                       "no arn",
		`      - stream: {type: kinesis, arn: {Fn::GetAtt: [Table, StreamArn]}, ` + bounds + `}`:                 "kinesis is not known here",
		`      - stream: {type: dynamodb, arn: {Fn::GetAtt: [Table, Arn]}, ` + bounds + `}`:                      "want {Fn::GetAtt: [LogicalId, StreamArn]}",
		`      - stream: {type: dynamodb, arn: {Fn::GetAtt: [Plain, StreamArn]}, ` + bounds + `}`:                `the stream view "", want NEW_IMAGE`,
		`      - stream: {type: dynamodb, arn: {Fn::GetAtt: [Old, StreamArn]}, ` + bounds + `}`:                  `the stream view "OLD_IMAGE"`,
		`      - stream: {type: dynamodb, arn: {Fn::GetAtt: [Table, StreamArn]}, maximumRetryAttempts: 1}`:       "no maximumRecordAgeInSeconds",
		`      - stream: {type: dynamodb, arn: {Fn::GetAtt: [Table, StreamArn]}, maximumRecordAgeInSeconds: 60}`: "no maximumRetryAttempts",
		`      - stream: {type: dynamodb, arn: {Fn::GetAtt: [Table, StreamArn]}, maximumRetryAttempts: 1, maximumRecordAgeInSeconds: 59}`: "at least 60",
		`      - sqs: {arn: {Ref: Queue}}`:                                              "not Ref",
		`      - sqs: {batchSize: 1}`:                                                   "no arn",
		`      - sqs: {arn: {Fn::GetAtt: [Queue, Arn]}, batchSize: 11}`:                 "needs a maximumBatchingWindow",
		`      - sqs: {arn: {Fn::GetAtt: [Dead, Arn]}}`:                                 "functions.f: Dead has a VisibilityTimeout of 30s, want at least 42s",
		`      - sqs: {arn: {Fn::GetAtt: [Queue, Arn]}, maximumBatchingWindow: 2}`:      "Queue has a VisibilityTimeout of 43s, want at least 44s",
		"      - sqs: {arn: {Fn::GetAtt: [Queue, Arn]}}\n    timeout: 8":                "Queue has a VisibilityTimeout of 43s, want at least 48s",
		`      - sns: {arn: {Ref: Queue}}`:                                              "want AWS::SNS::Topic",
		`      - sns: {arn: {Ref: Topic}, redrivePolicy: {deadLetterTargetRef: Topic}}`: "no queue Topic",
		"      - schedule: rate(1 day)\n    timeout: 901":                               "functions.f.timeout: want 1 to 900, not 901",
		"      - schedule: rate(1 day)\n    colour: red":                                "functions.f.colour: this setting is not known here",
		"      - schedule: rate(1 day)\n    <<: {timeout: 5}":                           "merge key",
		"      []\n  g: {events: []}":                                                   "functions.g: no handler",
	} {
		_, err := wiring.Read(files(events))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot error %v\nwant one with %q", events, err, want)
		}
	}
}

// broken is a change to the files, and the error that it must lead to.
type broken = struct {
	change func(fstest.MapFS)
	want   string
}

// queueWith adds a queue with a property.
func queueWith(property, want string) broken {
	return broken{func(f fstest.MapFS) {
		f["r.yml"] = &fstest.MapFile{Data: []byte("Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {" + property + "}}\n  T: {Type: AWS::SNS::Topic}\n")}
	}, want}
}

func TestAFileThatIsNotThereOrNotWholeIsRefused(t *testing.T) {
	whole := files("      []")
	for name, c := range map[string]broken{
		"no file":       {func(f fstest.MapFS) { delete(f, "serverless.yml") }, "serverless.yml"},
		"no include":    {func(f fstest.MapFS) { delete(f, "r.yml") }, "r.yml"},
		"an empty file": {func(f fstest.MapFS) { f["serverless.yml"] = &fstest.MapFile{} }, "want one document"},
		"not YAML":      {func(f fstest.MapFS) { f["r.yml"] = &fstest.MapFile{Data: []byte("a: [")} }, "r.yml"},
		"no functions": {func(f fstest.MapFS) {
			f["serverless.yml"] = &fstest.MapFile{Data: []byte("provider: {}\nresources: []\n")}
		}, "no section functions"},
		"a resource twice": {func(f fstest.MapFS) {
			f["r.yml"] = &fstest.MapFile{Data: []byte("Resources: {Queue: {Type: AWS::SQS::Queue}}")}
		}, "there twice"},
		"a dead-letter queue that is not there": queueWith("RedrivePolicy: {deadLetterTargetArn: {Fn::GetAtt: [Gone, Arn]}, maxReceiveCount: 1}",
			"r.yml:2: Resources.Q.Properties.RedrivePolicy.deadLetterTargetArn: no resource Gone"),
		"a dead-letter queue that is a topic": queueWith("RedrivePolicy: {deadLetterTargetArn: {Fn::GetAtt: [T, Arn]}, maxReceiveCount: 1}",
			"T is AWS::SNS::Topic, want AWS::SQS::Queue"),
		"a dead-letter queue that is the queue itself": queueWith("RedrivePolicy: {deadLetterTargetArn: {Fn::GetAtt: [Q, Arn]}, maxReceiveCount: 1}",
			"Q is the queue itself"),
		"a redrive policy without a count": queueWith("RedrivePolicy: {deadLetterTargetArn: {Fn::GetAtt: [Queue, Arn]}}",
			"want maxReceiveCount and deadLetterTargetArn"),
		"a redrive policy with a variable": queueWith("RedrivePolicy: {deadLetterTargetArn: !GetAtt Queue.Arn, maxReceiveCount: 1}",
			"want {Fn::GetAtt: [LogicalId, Arn]}"),
		"a visibility timeout that is too long": queueWith("VisibilityTimeout: 43201", "Resources.Q.Properties.VisibilityTimeout: want 0 to 43200"),
		"a resource without a type": {func(f fstest.MapFS) {
			f["r.yml"] = &fstest.MapFile{Data: []byte("Resources: {A: {Properties: {}}}")}
		}, "r.yml:1: Resources.A: no Type"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := fstest.MapFS{}
			maps.Copy(changed, whole)
			c.change(changed)
			if _, err := wiring.Read(changed); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}
