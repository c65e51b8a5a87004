package templatetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// deployment is a template as CloudFormation deploys it for one choice of parameters: conditions are
// decided, what they leave out is gone, and of each Fn::If one branch is left.
type deployment struct {
	name       string
	stage      string
	chosen     bool // all parameters that can be empty are given
	conditions map[string]bool
	parameters map[string]string
	resources  map[string]*made
	outputs    map[string]object
}

// made is one resource of a deployment. It has no Fn::If.
type made struct {
	Type                string
	DependsOn           any
	DeletionPolicy      string
	UpdateReplacePolicy string
	Properties          object
}

// deployments gives those that differ: each stage with nothing chosen and with everything.
func deployments(t *testing.T) []deployment {
	t.Helper()
	var all []deployment
	for _, stage := range []string{prod, local} {
		text := emitted(t, stage)
		for _, chosen := range []bool{false, true} {
			all = append(all, deploy(t, parse(t, text), stage, chosen))
		}
	}
	return all
}

// deploy decides a template.
func deploy(t *testing.T, template object, stage string, chosen bool) deployment {
	t.Helper()
	d := deployment{
		name: stage + " with nothing chosen", stage: stage, chosen: chosen, conditions: map[string]bool{},
		parameters: map[string]string{}, resources: map[string]*made{}, outputs: map[string]object{},
	}
	if chosen {
		d.name = stage + " with everything chosen"
	}
	for id, p := range template["Parameters"].(object) {
		d.parameters[id] = p.(object)["Default"].(string)
		if chosen && d.parameters[id] == "" {
			d.parameters[id] = "chosen"
		}
	}
	for id, c := range template["Conditions"].(object) {
		d.conditions[id] = d.holds(t, c)
	}
	for id, r := range template["Resources"].(object) {
		if d.included(t, id, r.(object)) {
			d.resources[id] = decode[*made](t, id, d.decide(t, r))
		}
	}
	for id, o := range template["Outputs"].(object) {
		if d.included(t, id, o.(object)) {
			d.outputs[id] = d.decide(t, o).(object)
		}
	}
	return d
}

// included tells whether a resource or an output is there.
func (d deployment) included(t *testing.T, id string, of object) bool {
	t.Helper()
	condition, ok := of["Condition"].(string)
	if !ok {
		return true
	}
	holds, ok := d.conditions[condition]
	if !ok {
		t.Fatalf("%s: no condition %s", id, condition)
	}
	return holds
}

// holds decides a condition of Fn::Not and Fn::Equals, which is all there are.
func (d deployment) holds(t *testing.T, condition any) bool {
	t.Helper()
	c := condition.(object)
	if not, ok := c["Fn::Not"].([]any); ok {
		return !d.holds(t, not[0])
	}
	if equals, ok := c["Fn::Equals"].([]any); ok {
		return d.text(equals[0]) == d.text(equals[1])
	}
	t.Fatalf("condition %v: only Fn::Not and Fn::Equals are understood here", condition)
	return false
}

func (d deployment) text(value any) string {
	if ref, ok := value.(object); ok {
		return d.parameters[fmt.Sprint(ref["Ref"])]
	}
	return fmt.Sprint(value)
}

// noValue is what a member or an element becomes that is left out.
var noValue = object{"Ref": "AWS::NoValue"}

func isNoValue(v any) bool {
	m, ok := v.(object)
	return ok && len(m) == 1 && m["Ref"] == noValue["Ref"]
}

// decide takes the branch of each Fn::If that its condition says, and leaves out what is no value.
func (d deployment) decide(t *testing.T, value any) any {
	t.Helper()
	switch v := value.(type) {
	case object:
		if choice, ok := v["Fn::If"].([]any); ok && len(v) == 1 {
			holds, known := d.conditions[fmt.Sprint(choice[0])]
			if !known {
				t.Fatalf("Fn::If: no condition %v", choice[0])
			}
			if holds {
				return d.decide(t, choice[1])
			}
			return d.decide(t, choice[2])
		}
		decided := object{}
		for key, member := range v {
			if m := d.decide(t, member); !isNoValue(m) {
				decided[key] = m
			}
		}
		return decided
	case []any:
		decided := []any{}
		for _, element := range v {
			if e := d.decide(t, element); !isNoValue(e) {
				decided = append(decided, e)
			}
		}
		return decided
	default:
		return v
	}
}

// decode reads a decided value into a type.
func decode[T any](t *testing.T, id string, value any) T {
	t.Helper()
	var into T
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &into)
	}
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return into
}

// of lists the resources of a type, sorted.
func (d deployment) of(resourceType string) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(d.resources)) {
		if d.resources[id].Type == resourceType {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestEveryConditionIsTriedBothWays(t *testing.T) {
	tried := map[string]map[bool]bool{}
	for _, d := range deployments(t) {
		for id, holds := range d.conditions {
			if tried[id] == nil {
				tried[id] = map[bool]bool{}
			}
			tried[id][holds] = true
		}
	}
	if len(tried) == 0 {
		t.Error("no conditions")
	}
	for id, values := range tried {
		if len(values) != 2 {
			t.Errorf("condition %s: got only %v", id, values)
		}
	}
}

// A choice that no parameter takes would be taken in silence, and make no difference.
func TestEveryChoiceIsAParameter(t *testing.T) {
	text, err := os.ReadFile(root + "/serverless.yml")
	if err != nil {
		t.Fatal(err)
	}
	var service struct {
		Params struct {
			Default map[string]string `yaml:"default"`
		} `yaml:"params"`
	}
	if err := yaml.Unmarshal(text, &service); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(folder + "/settings.yml"); err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Parameters map[string]struct {
			Default string `yaml:"Default"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for choice := range service.Params.Default {
		want = append(want, "${param:"+choice+"}")
	}
	for _, p := range settings.Parameters {
		got = append(got, p.Default)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("defaults of parameters (-choices in serverless.yml +resources/settings.yml):\n%s", diff)
	}
}
