package templatetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"allclear/internal/store"
)

// mapping is what the rules read of an AWS::Lambda::EventSourceMapping. What is absent is nil: the
// service's own values for retries and age are for ever.
type mapping struct {
	id          string
	Source      any                              `json:"EventSourceArn"`
	Function    any                              `json:"FunctionName"`
	BatchSize   int                              // records
	Start       string                           `json:"StartingPosition"`
	Retries     *int                             `json:"MaximumRetryAttempts"`
	Age         *int                             `json:"MaximumRecordAgeInSeconds"`
	Bisect      bool                             `json:"BisectBatchOnFunctionError"`
	Answers     []string                         `json:"FunctionResponseTypes"`
	Destination destination                      `json:"DestinationConfig"`
	Scaling     struct{ MaximumConcurrency int } `json:"ScalingConfig"`
	Filter      struct {
		Filters []struct{ Pattern string }
	} `json:"FilterCriteria"`
}

// mappings gives those of a deployment, of streams (with a starting position) or of queues.
func (d deployment) mappings(t *testing.T, streams bool) []mapping {
	t.Helper()
	var all []mapping
	for _, id := range d.of("AWS::Lambda::EventSourceMapping") {
		m := decode[mapping](t, id, d.resources[id].Properties)
		m.id = id
		if (m.Start != "") == streams {
			all = append(all, m)
		}
	}
	return all
}

const (
	publishMapping = "PublishEventSourceMappingDynamodbStatusTable"
	welcomeMapping = "WelcomeEventSourceMappingDynamodbAudienceTable"
	mailMapping    = "MailEventSourceMappingSQSMailQueue"
)

var sourceRules = []rule{
	{
		says:  "a stream's mapping gives up some time, after a search for the bad record, and tells of it",
		check: streamMappingsAreBounded,
		breaches: []breach{
			{"no retries given", set(nil, publishMapping, "Properties", "MaximumRetryAttempts"), "retries"},
			{"retries for ever", set(-1, publishMapping, "Properties", "MaximumRetryAttempts"), "retries"},
			{"no age given", set(nil, publishMapping, "Properties", "MaximumRecordAgeInSeconds"), "age"},
			{"any age", set(-1, publishMapping, "Properties", "MaximumRecordAgeInSeconds"), "age"},
			{"no search", set(false, publishMapping, "Properties", "BisectBatchOnFunctionError"), "bisect"},
			{"a batch as a whole", set(nil, publishMapping, "Properties", "FunctionResponseTypes"), "report"},
			{"nobody told", set(nil, publishMapping, "Properties", "DestinationConfig"), "tells nobody"},
			{"a queue without an alarm", set(nil, "FailuresAlarm"), "tells nobody"},
			{"without the right to tell", set([]any{}, "PublishRole", "Properties", "Policies"), "may not send"},
			{"large batches", set(1000, publishMapping, "Properties", "BatchSize"), "batch"},
			{"from now on only", set("LATEST", publishMapping, "Properties", "StartingPosition"), "starts at LATEST"},
			{"no stream read at all", without("AWS::Lambda::EventSourceMapping"), "no mapping"},
		},
	},
	{
		says:  "a queue hides a batch for six timeouts, gives up after some, and is read by few at a time",
		check: queueMappingsAreBounded,
		breaches: []breach{
			{"seen again too early", set(359, "MailQueue", "Properties", "VisibilityTimeout"), "MailQueue: visible again after 359"},
			{"the service's 30 seconds", set(nil, "MailQueue", "Properties", "VisibilityTimeout"), "MailQueue: visible again after 30"},
			{"a longer timeout", set(61, "WebhookLambdaFunction", "Properties", "Timeout"), "WebhookQueue: visible again after 360"},
			{"never given up", set(nil, "MailQueue", "Properties", "RedrivePolicy"), "MailQueue: gives up"},
			{"given up too early", set(4, "MailQueue", "Properties", "RedrivePolicy", "maxReceiveCount"), "MailQueue: gives up"},
			{"given up to nobody", set(nil, "UndeliverableAlarm"), "WebhookQueue: gives up"},
			{"a batch as a whole", set(nil, mailMapping, "Properties", "FunctionResponseTypes"), mailMapping + ": does not report"},
			{"as many as there are", set(nil, mailMapping, "Properties", "ScalingConfig"), mailMapping + ": 0 at a time"},
			{"no queue read at all", without("AWS::Lambda::EventSourceMapping"), "no queue"},
		},
	},
	{
		says:  "a stream has two readers at most",
		check: streamsHaveFewReaders,
		breaches: []breach{
			{"a third", add("Third", "AWS::Lambda::EventSourceMapping", object{
				"EventSourceArn": getAtt("StatusTable", "StreamArn"), "StartingPosition": "TRIM_HORIZON",
			}), "StatusTable.StreamArn: 3 readers"},
		},
	},
	{
		says:  "a stream wakes its readers for new items of one kind only: events, and wishes for mails",
		check: filtersLetEventsThrough,
		breaches: []breach{
			{"everything", set(nil, publishMapping, "Properties", "FilterCriteria"), "0 patterns"},
			{"changes, too", filter(`{"eventName":["INSERT","MODIFY"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"EVENT#"}]}}}}`), "MODIFY"},
			{"other items", filter(`{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"INCIDENT#"}]}}}}`), "INCIDENT#"},
			{"all items", filter(`{"eventName":["INSERT"]}`), "INSERT"},
			{"no pattern", filter(`EVENT#`), "EVENT#"},
			{"events of subscribers", set(getAtt("AudienceTable", "StreamArn"), publishMapping, "Properties", "EventSourceArn"), publishMapping + ": lets through"},
			{"wishes of pages", set(getAtt("StatusTable", "StreamArn"), welcomeMapping, "Properties", "EventSourceArn"), welcomeMapping + ": lets through"},
		},
	},
}

// kinds are the items that each stream is read for, by the beginnings of their sort keys.
var kinds = map[string]string{"StatusTable.StreamArn": store.PrefixEvent, "AudienceTable.StreamArn": store.PrefixMailRequest}

func filter(pattern string) func(object) {
	return set(object{"Filters": []any{object{"Pattern": pattern}}}, publishMapping, "Properties", "FilterCriteria")
}

func streamMappingsAreBounded(t *testing.T, d deployment) (complaints []string) {
	if len(d.mappings(t, true)) == 0 {
		complain(&complaints, "no mapping")
	}
	for _, m := range d.mappings(t, true) {
		if m.Retries == nil || *m.Retries < 1 || *m.Retries > 100 {
			complain(&complaints, "%s: retries without a bound or without end", m.id)
		}
		if m.Age == nil || *m.Age < 60 || *m.Age > 86400 {
			complain(&complaints, "%s: age without a bound or beyond what a stream keeps", m.id)
		}
		if !m.Bisect {
			complain(&complaints, "%s: does not bisect", m.id)
		}
		if !slices.Equal(m.Answers, []string{"ReportBatchItemFailures"}) {
			complain(&complaints, "%s: does not report what failed", m.id)
		}
		if m.BatchSize < 1 || m.BatchSize > 100 {
			complain(&complaints, "%s: batch of %d", m.id, m.BatchSize)
		}
		if m.Start != "TRIM_HORIZON" {
			complain(&complaints, "%s: starts at %s and misses what was before", m.id, m.Start)
		}
		complaints = append(complaints, d.tells(t, m.id, idOf(m.Function), m.Destination)...)
	}
	return complaints
}

func queueMappingsAreBounded(t *testing.T, d deployment) (complaints []string) {
	timeouts := map[string]int{}
	for _, f := range d.functions(t) {
		timeouts[f.id] = f.Timeout
	}
	if len(d.mappings(t, false)) == 0 {
		complain(&complaints, "no queue is read")
	}
	for _, m := range d.mappings(t, false) {
		id := idOf(m.Source)
		queue := struct {
			VisibilityTimeout int
			RedrivePolicy     struct {
				Count  int `json:"maxReceiveCount"`
				Target any `json:"deadLetterTargetArn"`
			}
		}{VisibilityTimeout: 30} // the service's own
		if r, ok := d.resources[id]; ok {
			text, err := json.Marshal(r.Properties)
			if err == nil {
				err = json.Unmarshal(text, &queue)
			}
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
		}
		if queue.VisibilityTimeout < 6*timeouts[idOf(m.Function)] {
			complain(&complaints, "%s: visible again after %d s, six timeouts are %d s", id, queue.VisibilityTimeout, 6*timeouts[idOf(m.Function)])
		}
		if queue.RedrivePolicy.Count < 5 || !d.alarmed(idOf(queue.RedrivePolicy.Target)) {
			complain(&complaints, "%s: gives up before the fifth time, never, or to nobody", id)
		}
		if !slices.Equal(m.Answers, []string{"ReportBatchItemFailures"}) {
			complain(&complaints, "%s: does not report what failed", m.id)
		}
		if m.Scaling.MaximumConcurrency < 2 || m.Scaling.MaximumConcurrency > 3 {
			complain(&complaints, "%s: %d at a time, of the ten that a new account has", m.id, m.Scaling.MaximumConcurrency)
		}
	}
	return complaints
}

func streamsHaveFewReaders(t *testing.T, d deployment) (complaints []string) {
	readers := map[string]int{}
	for _, m := range d.mappings(t, true) {
		readers[name(m.Source)]++
	}
	for source, n := range readers {
		if n > 2 {
			complain(&complaints, "%s: %d readers", source, n)
		}
	}
	return complaints
}

func filtersLetEventsThrough(t *testing.T, d deployment) (complaints []string) {
	for _, m := range d.mappings(t, true) {
		if len(m.Filter.Filters) != 1 {
			complain(&complaints, "%s: %d patterns", m.id, len(m.Filter.Filters))
		}
		for _, f := range m.Filter.Filters {
			kind := kinds[name(m.Source)]
			if kind == "" || f.Pattern != fmt.Sprintf(`{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":%q}]}}}}`, kind) {
				complain(&complaints, "%s: lets through %s", m.id, f.Pattern)
			}
		}
	}
	return complaints
}
