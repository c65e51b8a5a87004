package templatetest

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"allclear/internal/deliver"
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
	Namespace          string
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
		says:  "there are ten metrics of alarms at most, and one for failures, age, errors, silence and waiting each",
		check: alarmsAreFewAndEnough,
		breaches: []breach{
			{"eleven", func(template object) {
				for _, id := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
					add(id, "AWS::CloudWatch::Alarm", object{"MetricName": "Errors"})(template)
				}
			}, "20 metrics"},
			{"eleven in one", set(slices.Repeat([]any{object{"MetricStat": object{}}}, 11), "FailuresAlarm", "Properties", "Metrics"), "20 metrics"},
			{"none of age", set(nil, "PublishBehindAlarm"), "no alarm of IteratorAge"},
			{"none of the queues' age", func(template object) {
				set(nil, "MailBehindAlarm")(template)
				set(nil, "WebhookBehindAlarm")(template)
			}, "no alarm of ApproximateAgeOfOldestMessage"},
			{"none of errors", func(template object) {
				set(nil, "PublishErrorsAlarm")(template)
				set(nil, "TickErrorsAlarm")(template)
			}, "no alarm of Errors"},
			{"none of silence", set(nil, "TickSilentAlarm"), "no alarm of Invocations"},
			{"none of failures", func(template object) {
				set(nil, "FailuresAlarm")(template)
				set(nil, "UndeliverableAlarm")(template)
			}, "no alarm of ApproximateNumberOfMessagesVisible"},
			{"none of waiting", set(nil, "SendingWaitsAlarm"), "no alarm of SendingWaits"},
		},
	},
	{
		says:  "whatever sends mails is listened to for the lines that say that sending waits",
		check: waitingIsCounted,
		breaches: []breach{
			{"a sender that nobody listens to", set(nil, "WelcomeWaits"), "WelcomeLambdaFunction: nobody counts"},
			{"one alarm only", set(`"alarm=quota_exhausted"`, "MailWaits", "Properties", "FilterPattern"), "MailLambdaFunction: nobody counts"},
			{"words of JSON", set(`{ $.alarm = "quota_exhausted" || $.alarm = "account_stopped" }`, "MailWaits", "Properties", "FilterPattern"), "MailLambdaFunction: nobody counts"},
			{"another metric", set([]any{object{"MetricNamespace": "allclear/prod", "MetricName": "Other", "MetricValue": "1"}}, "MailWaits", "Properties", "MetricTransformations"), "MailLambdaFunction: nobody counts"},
			{"another namespace", set("allclear/other", "SendingWaitsAlarm", "Properties", "Namespace"), "MailLambdaFunction: nobody counts"},
			{"lines in another format", set(object{"LogFormat": "JSON"}, "MailLambdaFunction", "Properties", "LoggingConfig"), "MailLambdaFunction: does not log as text"},
			{"nobody sends", func(template object) {
				set(nil, "MailLambdaFunction", "Properties", "Environment")(template)
				set(nil, "WelcomeLambdaFunction", "Properties", "Environment")(template)
			}, "no function sends"},
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
	for _, metric := range []string{"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "IteratorAge", "Errors", "Invocations", "SendingWaits"} {
		if !of[metric] {
			complain(&complaints, "no alarm of %s", metric)
		}
	}
	return complaints
}

// A pattern of quoted words with "?" is for lines that hold any of them:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
func waitingIsCounted(t *testing.T, d deployment) (complaints []string) {
	var words []string
	for _, a := range []deliver.Alarm{deliver.QuotaExhausted, deliver.AccountStopped} {
		words = append(words, fmt.Sprintf(`?"%s"`, slog.String("alarm", string(a))))
	}
	counted := map[string]bool{}
	for _, id := range d.of("AWS::Logs::MetricFilter") {
		f := decode[struct {
			LogGroupName    any
			FilterPattern   string
			Transformations []struct{ MetricNamespace, MetricName, MetricValue string } `json:"MetricTransformations"`
		}](t, id, d.resources[id].Properties)
		for _, a := range d.alarms(t) {
			if len(f.Transformations) == 1 && f.Transformations[0].MetricName == a.MetricName &&
				f.Transformations[0].MetricNamespace == a.Namespace && f.FilterPattern == strings.Join(words, " ") {
				counted[idOf(f.LogGroupName)] = true
			}
		}
	}
	senders := 0
	for _, f := range d.functions(t) {
		if f.Environment.Variables["MAIL_CONFIGURATION"] == nil {
			continue
		}
		senders++
		if !counted[strings.TrimSuffix(f.id, "LambdaFunction")+"LogGroup"] {
			complain(&complaints, "%s: nobody counts its alarms", f.id)
		}
		if f.LoggingConfig.LogFormat != "" && f.LoggingConfig.LogFormat != "Text" {
			complain(&complaints, "%s: does not log as text", f.id)
		}
	}
	if senders == 0 {
		complain(&complaints, "no function sends mails")
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
