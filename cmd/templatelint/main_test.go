package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	twoMatches = `[
	  {"Filename": "out/plain.json", "Message": "is not used", "Rule": {"Id": "W3005"}, "Location": {"Path": ["Resources", "ApiRoute", "DependsOn", 1]}},
	  {"Filename": "out/chosen.json", "Message": "always true", "Rule": {"Id": "W8003"}, "Location": {"Path": ["Conditions", "IsAws", "Fn::Not", 0]}}]`
	oneFailed = `{"results": {"failed_checks": [
	  {"check_id": "CKV_AWS_117", "check_name": "in a VPC", "resource": "AWS::Lambda::Function.ApiLambdaFunction", "file_path": "/out/plain.json"}]},
	  "summary": {"passed": 80, "failed": 1, "parsing_errors": 0}}`
	allWaived = `
- {linter: cfn-lint, rule: W3005, on: ['*Route'], reason: the tool makes it so}
- {linter: cfn-lint, rule: W8003, on: [IsAws], reason: the stage is a literal}
- {linter: checkov, rule: CKV_AWS_117, on: ['*LambdaFunction'], reason: a VPC has a price}
`
)

// lint runs the command on these texts and gives its code and all that it says.
func lint(t *testing.T, waivers, cfnLint, checkov string) (int, string) {
	t.Helper()
	folder := t.TempDir()
	var args []string
	for name, text := range map[string]string{"-waivers": waivers, "-cfn-lint": cfnLint, "-checkov": checkov} {
		file := filepath.Join(folder, strings.TrimPrefix(name, "-"))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name, file)
	}
	var said strings.Builder
	return run(args, &said, &said), said.String()
}

func TestFindingsWithAReasonAreClean(t *testing.T) {
	code, said := lint(t, allWaived, twoMatches, oneFailed)
	if code != 0 || !strings.Contains(said, "3 findings") {
		t.Errorf("got %d, %s", code, said)
	}
}

func TestAFindingWithoutAWaiverFailsAndIsNamed(t *testing.T) {
	for _, test := range []struct{ name, without, want string }{
		{"of cfn-lint", "on: ['*Route']", "plain.json: cfn-lint W3005 ApiRoute: is not used"},
		{"of a condition", "on: [IsAws]", "chosen.json: cfn-lint W8003 IsAws: always true"},
		{"of checkov", "on: ['*LambdaFunction']", "plain.json: checkov CKV_AWS_117 ApiLambdaFunction: in a VPC"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, said := lint(t, strings.Replace(allWaived, test.without, "on: [Another]", 1), twoMatches, oneFailed)
			if code != 1 || !strings.Contains(said, test.want) {
				t.Errorf("got %d, %s, want %s", code, said, test.want)
			}
			if !strings.Contains(said, "finds nothing on Another any more") {
				t.Errorf("got %s, want the waiver named, too", said)
			}
		})
	}
}

func TestAWaiverIsForOneLinterAndOneRule(t *testing.T) {
	code, said := lint(t, strings.Replace(allWaived, "CKV_AWS_117", "CKV_AWS_116", 1), twoMatches, oneFailed)
	if code != 1 || !strings.Contains(said, "CKV_AWS_117 ApiLambdaFunction") {
		t.Errorf("got %d, %s", code, said)
	}
}

func TestAWaiverWhoseFindingIsGoneFails(t *testing.T) {
	code, said := lint(t, allWaived, `[]`, oneFailed)
	if code != 1 || strings.Count(said, "any more: take it out") != 2 {
		t.Errorf("got %d, %s, want both waivers of cfn-lint", code, said)
	}
}

func TestWhatCannotBeJudgedIsNotClean(t *testing.T) {
	none := `{"results": {"failed_checks": []}, "summary": {"passed": 80, "failed": 0, "parsing_errors": 0}}`
	for _, test := range []struct{ name, waivers, cfnLint, checkov, want string }{
		{"cfn-lint broke down", `[]`, ``, none, "cfn-lint: unexpected end"},
		{"cfn-lint wrote something else", `[]`, `[{"Message": "?"}]`, none, "a match of no rule"},
		{"checkov broke down", `[]`, `[]`, ``, "checkov: unexpected end"},
		{"checkov looked at nothing", `[]`, `[]`, `{"passed": 0, "failed": 0}`, "checked nothing"},
		{"checkov could not read a template", `[]`, `[]`, strings.Replace(none, `errors": 0`, `errors": 1`, 1), "checked nothing or not everything"},
		{"a waiver of nothing in particular", `[{linter: checkov, rule: X, on: ['*'], reason: it is too loud}]`, `[]`, none, "not everything"},
		{"a waiver with a bad pattern", `[{linter: checkov, rule: X, on: ['[a'], reason: it is too loud}]`, `[]`, none, "must name resources"},
		{"a waiver without a place", `[{linter: checkov, rule: X, reason: it is too loud}]`, `[]`, none, "on must name"},
		{"a waiver without a rule", `[{linter: checkov, on: [A], reason: it is too loud}]`, `[]`, none, "rule must be"},
		{"a waiver without a reason", `[{linter: checkov, rule: X, on: [A]}]`, `[]`, none, "waiver 1, checkov X: reason must be"},
		{"a waiver of an unknown linter", `[{linter: tflint, rule: X, on: [A], reason: it is too loud}]`, `[]`, none, "linter must be"},
		{"a waiver with an unknown member", `[{linter: checkov, rules: X}]`, `[]`, none, "field rules not found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, said := lint(t, test.waivers, test.cfnLint, test.checkov)
			if code != 2 || !strings.Contains(said, test.want) {
				t.Errorf("got %d, %s, want %s", code, said, test.want)
			}
		})
	}
}
