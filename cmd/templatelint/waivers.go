package main

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// waiver lets a rule's findings be in some places.
type waiver struct {
	Linter string   `yaml:"linter"`
	Rule   string   `yaml:"rule"`
	On     []string `yaml:"on"` // logical ids; * stands for any part of one, as in path.Match
	Reason string   `yaml:"reason"`
}

// readWaivers reads the list and refuses a waiver that does not say of what, where and why.
func readWaivers(text []byte) ([]waiver, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var waivers []waiver
	if err := decoder.Decode(&waivers); err != nil {
		return nil, err
	}
	for i, w := range waivers {
		if err := w.valid(); err != nil {
			return nil, fmt.Errorf("waiver %d, %s %s: %w", i+1, w.Linter, w.Rule, err)
		}
	}
	return waivers, nil
}

func (w waiver) valid() error {
	switch {
	case w.Linter != cfnLint && w.Linter != checkov:
		return fmt.Errorf("linter must be %s or %s", cfnLint, checkov)
	case w.Rule == "":
		return errors.New("rule must be the id of a rule")
	case len(w.On) == 0:
		return errors.New("on must name at least one resource")
	case len(strings.Fields(w.Reason)) < 3:
		return errors.New("reason must be a reason")
	}
	for _, pattern := range w.On {
		if _, err := path.Match(pattern, ""); err != nil || strings.Trim(pattern, "*") == "" {
			return fmt.Errorf("on: %q must name resources, not everything", pattern)
		}
	}
	return nil
}

// covers finds the pattern that a finding is waived by, -1 for none.
func (w waiver) covers(f finding) int {
	if w.Linter != f.Linter || w.Rule != f.Rule {
		return -1
	}
	return slices.IndexFunc(w.On, func(pattern string) bool {
		matched, err := path.Match(pattern, f.On)
		return err == nil && matched
	})
}

// judge gives the findings without a waiver, and a sentence for each place of a waiver that no
// finding is in.
func judge(found []finding, waivers []waiver) (unwaived []finding, stale []string) {
	type place struct{ waiver, pattern int }
	used := map[place]bool{}
	for _, f := range found {
		waived := false
		for i, w := range waivers {
			if pattern := w.covers(f); pattern >= 0 {
				used[place{i, pattern}], waived = true, true
				break
			}
		}
		if !waived {
			unwaived = append(unwaived, f)
		}
	}
	for i, w := range waivers {
		for j, pattern := range w.On {
			if !used[place{i, j}] {
				stale = append(stale, fmt.Sprintf("%s %s finds nothing on %s any more: take it out", w.Linter, w.Rule, pattern))
			}
		}
	}
	return unwaived, stale
}
