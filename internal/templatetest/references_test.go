package templatetest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var referenceRules = []rule{
	{
		says:  "whatever is referred to is there",
		check: referencesResolve,
		breaches: []breach{
			{"a reference to nothing", set(ref("Nothing"), "AlarmTopic", "Properties", "DisplayName"), "AlarmTopic: no Nothing"},
			{"an attribute of nothing", set(getAtt("Nothing", "Arn"), "TickLambdaFunction", "Properties", "Role"), "TickLambdaFunction: no Nothing"},
			{"a text with nothing in it", set(object{"Fn::Sub": "https://${Nothing.DomainName}"}, "TickLambdaFunction", "Properties", "Role"), "no Nothing"},
			{"a wait for nothing", set([]any{"Nothing"}, "Site", "DependsOn"), "Site: no Nothing"},
			{"what a condition leaves out", set(ref("AlarmMail"), "FailuresAlarm", "Properties", "AlarmActions"), "FailuresAlarm: no AlarmMail"},
			{"an output of nothing", func(template object) {
				template["Outputs"].(object)["PageId"].(object)["Value"] = ref("Nothing")
			}, "PageId: no Nothing"},
		},
	},
	{
		says:  "an operator finds in the outputs what the commands of the manual need",
		check: outputsAreThere,
		breaches: []breach{
			{"one is missing", func(template object) { delete(template["Outputs"].(object), "PageUrl") }, "no PageUrl"},
			{"one says nothing", func(template object) { delete(template["Outputs"].(object)["PageUrl"].(object), "Description") }, "PageUrl: no description"},
		},
	},
}

func referencesResolve(_ *testing.T, d deployment) (complaints []string) {
	look := func(from string, value any) {
		for _, id := range references(value) {
			_, resource := d.resources[id]
			_, parameter := d.parameters[id]
			if !resource && !parameter && !strings.HasPrefix(id, "AWS::") {
				complain(&complaints, "%s: no %s", from, id)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.resources)) {
		look(id, d.resources[id].Properties)
		for _, after := range list(d.resources[id].DependsOn) {
			look(id, ref(after.(string)))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.outputs)) {
		look(id, d.outputs[id])
	}
	return complaints
}

var substituted = regexp.MustCompile(`\$\{([A-Za-z0-9:]+)(\.[A-Za-z0-9.]+)?\}`)

// references lists the ids that a value refers to.
func references(value any) (ids []string) {
	switch v := value.(type) {
	case object:
		for key, member := range v {
			switch key {
			case "Ref":
				ids = append(ids, member.(string))
			case "Fn::GetAtt":
				ids = append(ids, member.([]any)[0].(string))
			case "Fn::Sub":
				text, ok := member.(string)
				if !ok { // with a map of names, which nothing here needs
					ids = append(ids, "plain text in Fn::Sub")
				}
				for _, found := range substituted.FindAllStringSubmatch(text, -1) {
					ids = append(ids, found[1])
				}
			default:
				ids = append(ids, references(member)...)
			}
		}
	case []any:
		for _, element := range v {
			ids = append(ids, references(element)...)
		}
	}
	return ids
}

// idOf gives the logical id that a value refers to, "" if it refers to none.
func idOf(value any) string {
	id, _, _ := strings.Cut(name(value), ".")
	return id
}

// list gives the elements of a list, or of one that is written as its only element.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

func outputsAreThere(_ *testing.T, d deployment) (complaints []string) {
	wanted := []string{"PageUrl", "PageId", "SiteBucketName", "StatusTableName", "AlarmTopicArn", "EventsTopicArn"}
	if d.conditions["IsAws"] {
		wanted = append(wanted, "OperatorUrl")
	}
	for _, id := range wanted {
		if d.outputs[id] == nil {
			complain(&complaints, "no %s", id)
		} else if d.outputs[id]["Description"] == nil {
			complain(&complaints, "%s: no description", id)
		}
	}
	return complaints
}
