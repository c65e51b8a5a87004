package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// The linters, as the waivers name them.
const (
	cfnLint = "cfn-lint"
	checkov = "checkov"
)

// finding is what a linter says of one place. On is the logical id of the resource, or the name of
// another member of the template, such as a condition.
type finding struct {
	Linter, Rule, On string
	Template         string // the name of the file without its folder
	Text             string
}

func (f finding) String() string {
	return fmt.Sprintf("%s: %s %s %s: %s", f.Template, f.Linter, f.Rule, f.On, f.Text)
}

// readCfnLint reads a list of matches, empty where there are none.
// https://github.com/aws-cloudformation/cfn-lint/blob/main/src/cfnlint/formatters/__init__.py
func readCfnLint(text []byte) ([]finding, error) {
	var matches []struct {
		Filename string
		Rule     struct{ ID string }
		Message  string
		Location struct{ Path []any }
	}
	if err := json.Unmarshal(text, &matches); err != nil {
		return nil, err
	}
	var found []finding
	for _, m := range matches {
		if m.Rule.ID == "" {
			return nil, errors.New("a match of no rule")
		}
		f := finding{Linter: cfnLint, Rule: m.Rule.ID, Template: path.Base(m.Filename), Text: m.Message}
		if len(m.Location.Path) > 1 { // the section and the name in it
			f.On = fmt.Sprint(m.Location.Path[1])
		}
		found = append(found, f)
	}
	return found, nil
}

// readCheckov reads the report of one framework. What it could not read or looked at in vain is an
// error: such a report has no findings either.
// https://www.checkov.io/2.Basics/Reviewing%20Scan%20Results.html
func readCheckov(text []byte) ([]finding, error) {
	var report struct {
		Results struct {
			Failed []struct {
				Check    string `json:"check_id"`
				Name     string `json:"check_name"`
				Resource string `json:"resource"` // Type::Of::It.LogicalId
				File     string `json:"file_path"`
			} `json:"failed_checks"`
		} `json:"results"`
		Summary struct {
			Passed   int `json:"passed"`
			Failed   int `json:"failed"`
			Unparsed int `json:"parsing_errors"`
		} `json:"summary"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, err
	}
	if report.Summary.Unparsed > 0 || report.Summary.Passed == 0 || report.Summary.Failed != len(report.Results.Failed) {
		return nil, fmt.Errorf("checked nothing or not everything: %+v, and %d findings", report.Summary, len(report.Results.Failed))
	}
	var found []finding
	for _, f := range report.Results.Failed {
		_, id, _ := strings.Cut(f.Resource, ".")
		found = append(found, finding{Linter: checkov, Rule: f.Check, On: id, Template: path.Base(f.File), Text: f.Name})
	}
	return found, nil
}
