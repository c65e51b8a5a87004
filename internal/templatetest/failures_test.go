package templatetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type destination struct {
	OnFailure struct{ Destination any }
}

var failureRules = []rule{
	{
		says:  "a function that nobody waits for has a place for its failures",
		check: asynchronousFailuresAreTold,
		breaches: []breach{
			{"a schedule without", set(nil, "TickLambdaEvConf"), "TickLambdaFunction: tells nobody"},
			{"a custom resource without", set(nil, "SetupLambdaEvConf"), "SetupLambdaFunction: tells nobody"},
			{"a schedule without a destination", set(nil, "TickLambdaEvConf", "Properties", "DestinationConfig"), "TickLambdaFunction: tells nobody"},
			{"a queue without an alarm", set(nil, "FailuresAlarm"), "TickLambdaFunction: tells nobody"},
			{"without the right to tell", set([]any{}, "TickRole", "Properties", "Policies"), "TickLambdaFunction: may not send"},
			{"a topic's", invokedBy("sns.amazonaws.com"), "KeysLambdaFunction: tells nobody"},
			{"a bucket's", invokedBy("s3.amazonaws.com"), "KeysLambdaFunction: tells nobody"},
			{"inbound mail's", invokedBy("ses.amazonaws.com"), "KeysLambdaFunction: tells nobody"},
			{"an alarm's", invokedBy("lambda.alarms.cloudwatch.amazonaws.com"), "KeysLambdaFunction: tells nobody"},
			{"a topic's function without", set(nil, "DispatchLambdaEvConf"), "DispatchLambdaFunction: tells nobody"},
			{"none at all", func(template object) {
				without("AWS::Lambda::Permission")(template)
				set(nil, "Site")(template)
				set(nil, "Preflight")(template)
			}, "no function"},
		},
	},
}

func invokedBy(principal string) func(object) {
	return add("Invoker", "AWS::Lambda::Permission", object{
		"FunctionName": getAtt("KeysLambdaFunction", "Arn"), "Action": "lambda:InvokeFunction", "Principal": principal,
	})
}

// waited are the services that invoke a function and wait for its answer. Every other one leaves
// the event with Lambda, which drops it after two more tries.
var waited = []string{"apigateway.amazonaws.com", "cognito-idp.amazonaws.com"}

func asynchronousFailuresAreTold(t *testing.T, d deployment) (complaints []string) {
	asynchronous := map[string]bool{}
	for _, id := range d.of("AWS::Lambda::Permission") {
		properties := d.resources[id].Properties
		if !slices.Contains(waited, fmt.Sprint(properties["Principal"])) {
			asynchronous[idOf(properties["FunctionName"])] = true
		}
	}
	for _, r := range d.resources {
		if strings.HasPrefix(r.Type, "Custom::") || r.Type == "AWS::CloudFormation::CustomResource" {
			asynchronous[idOf(r.Properties["ServiceToken"])] = true
		}
	}
	if len(asynchronous) == 0 {
		complain(&complaints, "no function, though there is a schedule")
	}
	told := map[string]destination{}
	for _, id := range d.of("AWS::Lambda::EventInvokeConfig") {
		properties := d.resources[id].Properties
		told[idOf(properties["FunctionName"])] = decode[struct {
			Destination destination `json:"DestinationConfig"`
		}](t, id, properties).Destination
	}
	for function := range asynchronous {
		complaints = append(complaints, d.tells(t, function, function, told[function])...)
	}
	return complaints
}

// tells complains unless failures of a function go to a queue that it may send to and that wakes
// somebody.
func (d deployment) tells(t *testing.T, who, function string, to destination) (complaints []string) {
	t.Helper()
	queue := idOf(to.OnFailure.Destination)
	if r, ok := d.resources[queue]; !ok || r.Type != "AWS::SQS::Queue" || !d.alarmed(queue) {
		complain(&complaints, "%s: tells nobody of what it gave up", who)
		return complaints
	}
	for _, f := range d.functions(t) {
		if f.id == function && !slices.Contains(d.rights(t, idOf(f.Role)), right{"sqs:SendMessage", queue + ".Arn"}) {
			complain(&complaints, "%s: may not send to %s", who, queue)
		}
	}
	return complaints
}

// alarmed tells whether an alarm looks at a queue.
func (d deployment) alarmed(queue string) bool {
	for _, id := range d.of("AWS::CloudWatch::Alarm") {
		if slices.Contains(references(d.resources[id].Properties["Dimensions"]), queue) {
			return true
		}
	}
	return false
}
