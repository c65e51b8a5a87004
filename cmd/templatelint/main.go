// Command templatelint judges what cfn-lint and checkov found in the emitted template. A finding
// needs a waiver with a reason, a waiver needs a finding: so the list of waivers says all that is
// known, and nothing that is past. scripts/template-lint.sh runs the linters and then this.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run gives the exit code: 0 for clean, 1 for something to do, 2 for input that cannot be judged.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("templatelint", flag.ContinueOnError)
	flags.SetOutput(stderr)
	waiversFile := flags.String("waivers", "tools/template/waivers.yml", "the waivers")
	cfnLintFile := flags.String("cfn-lint", "", "what cfn-lint --format json wrote")
	checkovFile := flags.String("checkov", "", "what checkov --output json wrote")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	waivers, err := read(*waiversFile, readWaivers)
	if err != nil {
		fmt.Fprintln(stderr, "templatelint:", err)
		return 2
	}
	var found []finding
	for _, linter := range []struct {
		file string
		read func([]byte) ([]finding, error)
	}{{*cfnLintFile, readCfnLint}, {*checkovFile, readCheckov}} {
		findings, err := read(linter.file, linter.read)
		if err != nil {
			fmt.Fprintln(stderr, "templatelint:", err)
			return 2
		}
		found = append(found, findings...)
	}
	unwaived, stale := judge(found, waivers)
	for _, f := range unwaived {
		fmt.Fprintln(stderr, f)
	}
	for _, s := range stale {
		fmt.Fprintf(stderr, "%s: %s\n", *waiversFile, s)
	}
	if len(unwaived)+len(stale) > 0 {
		return 1
	}
	fmt.Fprintf(stdout, "The linters of the template are content: %d findings, each waived with a reason.\n", len(found))
	return 0
}

// read reads a file and names it in the error.
func read[T any](file string, parse func([]byte) (T, error)) (T, error) {
	var none T
	text, err := os.ReadFile(file)
	if err != nil {
		return none, err
	}
	parsed, err := parse(text)
	if err != nil {
		return none, fmt.Errorf("read %s: %w", file, err)
	}
	return parsed, nil
}
