package loop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"allclear/internal/local/broker"
	"allclear/internal/local/pattern"
	"allclear/internal/stream"
	"allclear/internal/wiring"
)

// poller plays one queue into one function: an event source mapping. A message that the function
// fails on comes into sight again when its visibility timeout is over, and goes to the dead-letter
// queue when it was received too often.
type poller struct {
	*inlet
	target  function
	source  wiring.Queue
	filters []pattern.Pattern
	slots   chan struct{} // one for each invocation that may go on at a time
}

// unboundedConcurrency is how many invocations go on at a time where the wiring sets no bound: what
// Lambda starts with. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
const unboundedConcurrency = 5

func newPoller(l *Loop, f function, s wiring.Queue, queue wiring.Resource) (*poller, error) {
	if l.options.Broker == nil {
		return nil, errors.New("no broker")
	}
	rules := broker.Rules{Visibility: queue.VisibilityTimeout, MaxReceives: queue.MaxReceiveCount, DeadLetter: queue.DeadLetter}
	p := &poller{
		inlet: l.newInlet(f.Name, s.Queue, l.options.Broker.Queue(s.Queue), rules), target: f, source: s,
		slots: make(chan struct{}, max(s.MaximumConcurrency, 0)),
	}
	if s.MaximumConcurrency == 0 {
		p.slots = make(chan struct{}, unboundedConcurrency)
	}
	for _, text := range s.FilterPatterns {
		compiled, err := pattern.Compile(text)
		if err != nil {
			return nil, err
		}
		p.filters = append(p.filters, compiled)
	}
	return p, nil
}

// run delivers until ctx ends or the loop drains, and waits for the invocations that go on then.
func (p *poller) run(ctx context.Context) {
	var invocations sync.WaitGroup
	defer invocations.Wait()
	if !p.release(ctx) {
		return
	}
	for {
		// First the slot: a message that waited for one would come into sight meanwhile.
		select {
		case p.slots <- struct{}{}:
		case <-p.draining:
			return
		case <-ctx.Done():
			return
		}
		batch := p.gather(ctx)
		if len(batch) == 0 {
			return
		}
		invocations.Go(func() {
			defer func() { <-p.slots }()
			p.deliver(ctx, batch)
		})
	}
}

// queued is a message on its way to the function.
type queued struct {
	broker.Message
	raw json.RawMessage
}

// gather waits for a first message and then, as long as the batching window is open, for more. It is
// empty when nothing more is to be taken.
func (p *poller) gather(ctx context.Context) []queued {
	var batch []queued
	var window <-chan time.Time
	size := 0
	for {
		messages, ok := p.take(ctx, min(broker.MaxReceive, p.source.BatchSize-len(batch)), window)
		for _, m := range p.wanted(ctx, messages) {
			batch = append(batch, m)
			size += len(m.raw) + 1
		}
		switch {
		case !ok, len(messages) == 0: // nothing more is to be taken, or the window closed
			return batch
		case len(batch) == 0: // nobody wanted them
		case p.source.BatchWindow == 0, len(batch) >= p.source.BatchSize, size > maxPayload/2:
			// Half of the payload: ten more may be as large as the other half.
			return batch
		case window == nil:
			timer := time.NewTimer(p.source.BatchWindow)
			defer timer.Stop()
			window = timer.C
		}
	}
}

// wanted encodes messages and drops those that no filter lets pass: Lambda deletes them, too.
func (p *poller) wanted(ctx context.Context, messages []broker.Message) []queued {
	var wanted []queued
	var unwanted []broker.Message
	for _, m := range messages {
		if !p.wants(m) {
			unwanted = append(unwanted, m)
			continue
		}
		wanted = append(wanted, queued{m, encode(queueRecord(p.source.Queue, m))})
	}
	p.remove(ctx, unwanted)
	return wanted
}

func (p *poller) wants(m broker.Message) bool {
	if len(p.filters) == 0 {
		return true
	}
	tree := map[string]any{"messageId": m.ID, "body": any(m.Body), "attributes": attributesOf(m)}
	// A pattern looks into a body that is a JSON object, and at any other as at a string.
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(m.Body)))
	d.UseNumber()
	if d.Decode(&object) == nil && object != nil && !d.More() {
		tree["body"] = object
	}
	for _, f := range p.filters {
		if f.Match(tree) {
			return true
		}
	}
	return false
}

// deliver invokes the function once with a batch and deletes what it is done with.
func (p *poller) deliver(ctx context.Context, batch []queued) {
	event := struct {
		Records []json.RawMessage `json:"Records"`
	}{make([]json.RawMessage, len(batch))}
	for i, m := range batch {
		event.Records[i] = m.raw
	}
	failed, err := p.attempt(ctx, encode(event), batch)
	if err != nil && ctx.Err() != nil {
		return // interrupted: the next run releases the messages
	}
	var done []broker.Message
	for _, m := range batch {
		if failed[m.ID] {
			p.options.Logger.WarnContext(ctx, "message not processed", "function", p.target.Name,
				"queue", p.source.Queue, "message", m.ID, "receives", m.Receives, "error", err)
			continue
		}
		done = append(done, m.Message)
	}
	p.remove(ctx, done)
}

// attempt returns the ids of the messages that failed, all of them when the function did.
func (p *poller) attempt(ctx context.Context, payload []byte, batch []queued) (failed map[string]bool, err error) {
	all := make(map[string]bool, len(batch))
	for _, m := range batch {
		all[m.ID] = true
	}
	answer, err := p.target.invoke(ctx, payload)
	if err != nil {
		return all, err
	}
	if !p.source.ReportBatchItemFailures {
		return nil, nil
	}
	named, err := itemFailures(answer)
	if err != nil {
		return all, err
	}
	failed = map[string]bool{}
	for _, id := range named {
		if !all[id] {
			return all, fmt.Errorf("read answer: no message %.40q in the batch", id)
		}
		failed[id] = true
		err = errReported
	}
	return failed, err
}

// queueRecord is one message as SQS hands it to a function:
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html.
func queueRecord(queue string, m broker.Message) any {
	return struct {
		MessageID         string            `json:"messageId"`
		ReceiptHandle     string            `json:"receiptHandle"`
		Body              string            `json:"body"`
		Attributes        map[string]string `json:"attributes"`
		MessageAttributes struct{}          `json:"messageAttributes"`
		MD5OfBody         string            `json:"md5OfBody"`
		EventSource       string            `json:"eventSource"`
		EventSourceARN    string            `json:"eventSourceARN"`
		Region            string            `json:"awsRegion"`
	}{
		MessageID: m.ID, ReceiptHandle: m.Handle, Body: m.Body, Attributes: attributesOf(m),
		MD5OfBody: sum(m.Body), EventSource: "aws:sqs", Region: stream.Region,
		EventSourceARN: "arn:aws:sqs:" + stream.Region + ":" + account + ":" + queue,
	}
}

func attributesOf(m broker.Message) map[string]string {
	attributes := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.Receives),
		"SentTimestamp":                    strconv.FormatInt(m.Sent.UnixMilli(), 10),
		"SenderId":                         account,
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.FirstReceived.UnixMilli(), 10),
	}
	if m.Source != "" {
		attributes["DeadLetterQueueSourceArn"] = "arn:aws:sqs:" + stream.Region + ":" + account + ":" + m.Source
	}
	return attributes
}
