package templatetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// rule is what every deployment keeps, as a sentence, and how that is seen: check gives a sentence
// for each place that breaks it. Breaches are changes of the template that the rule must notice.
type rule struct {
	says     string
	check    func(t *testing.T, d deployment) []string
	breaches []breach // of stage prod
	locally  []breach // of stage local
}

// breach changes a template so that the rule's complaint has complains in it.
type breach struct {
	name      string
	change    func(template object)
	complains string
}

// rules are in the files of their concerns.
var rules = slices.Concat(functionRules, sourceRules, failureRules, roleRules, referenceRules, dataRules, costRules, alarmRules)

func TestEveryDeploymentKeepsTheRules(t *testing.T) {
	for _, d := range deployments(t) {
		t.Run(d.name, func(t *testing.T) {
			for _, r := range rules {
				for _, complaint := range slices.Sorted(slices.Values(r.check(t, d))) {
					t.Errorf("%s: %s", r.says, complaint)
				}
			}
		})
	}
}

func TestEveryRuleNoticesItsBreaches(t *testing.T) {
	for _, r := range rules {
		if len(r.breaches) == 0 {
			t.Errorf("%s: nothing shows that it can be broken", r.says)
		}
		for stage, breaches := range map[string][]breach{prod: r.breaches, local: r.locally} {
			for _, b := range breaches {
				t.Run(r.says+"/"+b.name, func(t *testing.T) {
					template := parse(t, emitted(t, stage))
					b.change(template)
					complaints := strings.Join(r.check(t, deploy(t, template, stage, false)), "\n")
					if complaints == "" || !strings.Contains(complaints, b.complains) {
						t.Errorf("got %q, want a complaint with %q", complaints, b.complains)
					}
				})
			}
		}
	}
}

// set is a breach's usual change: a value at a path under Resources, such as
// "StatusTable", "Properties", "BillingMode". nil takes the member out.
func set(value any, path ...string) func(object) {
	return func(template object) {
		at := template["Resources"].(object)
		for i, step := range path[:len(path)-1] {
			next, ok := at[step].(object)
			if !ok {
				panic(fmt.Sprintf("no %s in Resources.%s", step, strings.Join(path[:i], ".")))
			}
			at = next
		}
		if value == nil {
			delete(at, path[len(path)-1])
			return
		}
		at[path[len(path)-1]] = value
	}
}

// add is a change that puts a resource there.
func add(id, resourceType string, properties object) func(object) {
	return set(object{"Type": resourceType, "Properties": properties}, id)
}

// without is a change that takes all resources of a type out.
func without(resourceType string) func(object) {
	return func(template object) {
		maps.DeleteFunc(template["Resources"].(object), func(_ string, r any) bool { return r.(object)["Type"] == resourceType })
	}
}

func getAtt(id, attribute string) object { return object{"Fn::GetAtt": []any{id, attribute}} }
func ref(id string) object               { return object{"Ref": id} }

// complain appends a complaint.
func complain(to *[]string, format string, args ...any) {
	*to = append(*to, fmt.Sprintf(format, args...))
}
