package templatetest

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// alarm is what the rules read of an AWS::CloudWatch::Alarm.
type alarm struct {
	AlarmDescription   string
	AlarmActions       []any
	OKActions          []any
	ActionsEnabled     *bool
	TreatMissingData   string
	EvaluationPeriods  int
	Metrics            []struct{ MetricStat any }
	MetricName         string
	ComparisonOperator string
}

var alarmRules = []rule{
	{
		says:  "an alarm tells what it means and reaches somebody, also when it is over",
		check: alarmsReachSomebody,
		breaches: []breach{
			{"nobody", set(nil, "FailuresAlarm", "Properties", "AlarmActions"), "FailuresAlarm: reaches nobody"},
			{"switched off", set(false, "FailuresAlarm", "Properties", "ActionsEnabled"), "FailuresAlarm: reaches nobody"},
			{"never over", set([]any{}, "FailuresAlarm", "Properties", "OKActions"), "FailuresAlarm: reaches nobody"},
			{"another topic", set([]any{getAtt("FailureQueue", "Arn")}, "FailuresAlarm", "Properties", "AlarmActions"), "FailuresAlarm: reaches nobody"},
			{"no words", set(nil, "FailuresAlarm", "Properties", "AlarmDescription"), "FailuresAlarm: does not say"},
			{"no word on silence", set(nil, "FailuresAlarm", "Properties", "TreatMissingData"), "FailuresAlarm: does not say what no data means"},
		},
	},
	{
		says:  "there are ten metrics of alarms at most, and one for failures, age, errors and silence each",
		check: alarmsAreFewAndEnough,
		breaches: []breach{
			{"eleven", func(template object) {
				for _, id := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
					add(id, "AWS::CloudWatch::Alarm", object{"MetricName": "Errors"})(template)
				}
			}, "16 metrics"},
			{"eleven in one", set(slices.Repeat([]any{object{"MetricStat": object{}}}, 11), "FailuresAlarm", "Properties", "Metrics"), "16 metrics"},
			{"none of age", set(nil, "PublishBehindAlarm"), "no alarm of IteratorAge"},
			{"none of errors", func(template object) {
				set(nil, "PublishErrorsAlarm")(template)
				set(nil, "TickErrorsAlarm")(template)
			}, "no alarm of Errors"},
			{"none of silence", set(nil, "TickSilentAlarm"), "no alarm of Invocations"},
			{"none of failures", set(nil, "FailuresAlarm"), "no alarm of ApproximateNumberOfMessagesVisible"},
		},
	},
}

func (d deployment) alarms(t *testing.T) map[string]alarm {
	t.Helper()
	all := map[string]alarm{}
	for _, id := range d.of("AWS::CloudWatch::Alarm") {
		all[id] = decode[alarm](t, id, d.resources[id].Properties)
	}
	return all
}

func alarmsReachSomebody(t *testing.T, d deployment) (complaints []string) {
	for id, a := range d.alarms(t) {
		for _, actions := range [][]any{a.AlarmActions, a.OKActions} {
			if len(actions) != 1 || name(actions[0]) != "AlarmTopic" || a.ActionsEnabled != nil && !*a.ActionsEnabled {
				complain(&complaints, "%s: reaches nobody", id)
			}
		}
		if len(a.AlarmDescription) < 20 {
			complain(&complaints, "%s: does not say what it means", id)
		}
		if a.TreatMissingData != "notBreaching" && a.TreatMissingData != "breaching" {
			complain(&complaints, "%s: does not say what no data means", id)
		}
	}
	return complaints
}

// Each metric of an alarm has a price from the eleventh on.
func alarmsAreFewAndEnough(t *testing.T, d deployment) (complaints []string) {
	metrics, of := 0, map[string]bool{}
	for _, a := range d.alarms(t) {
		metrics += max(1, len(a.Metrics))
		of[a.MetricName] = true
	}
	if metrics > 10 {
		complain(&complaints, "%d metrics", metrics)
	}
	for _, metric := range []string{"ApproximateNumberOfMessagesVisible", "IteratorAge", "Errors", "Invocations"} {
		if !of[metric] {
			complain(&complaints, "no alarm of %s", metric)
		}
	}
	return complaints
}

func TestTheManualSaysOfEveryAlarmWhatToDo(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/operations.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no docs/operations.md")
	} else if err != nil {
		t.Fatal(err)
	}
	alarms := deploy(t, parse(t, emitted(t, prod)), prod, false).alarms(t)
	if len(alarms) == 0 {
		t.Error("no alarms")
	}
	for id := range alarms {
		if !strings.Contains(string(text), id) {
			t.Errorf("docs/operations.md: nothing of %s", id)
		}
	}
}
