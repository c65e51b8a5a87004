package templatetest

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"allclear/internal/wiring"
)

// lambda is what the rules read of an AWS::Lambda::Function.
type lambda struct {
	id            string
	name          string // as in serverless.yml
	FunctionName  string
	Description   string
	Handler       string
	Runtime       string
	Architectures []string
	MemorySize    int // MB
	Timeout       int // seconds
	Role          any
	Code          struct{ S3Key string }
	TracingConfig struct{ Mode string }
	LoggingConfig struct{ LogFormat string }
	Environment   struct{ Variables map[string]any }
}

// functions gives the functions of a deployment by logical id.
func (d deployment) functions(t *testing.T) []lambda {
	t.Helper()
	var all []lambda
	for _, id := range d.of("AWS::Lambda::Function") {
		f := decode[lambda](t, id, d.resources[id].Properties)
		f.id, f.name = id, strings.TrimPrefix(f.FunctionName, "allclear-"+d.stage+"-")
		all = append(all, f)
	}
	return all
}

var functionRules = []rule{
	{
		says:  "a function runs on arm64 as provided.al2023, is traced, and says in a line what it is for",
		check: functionsRunAlike,
		breaches: []breach{
			{"another processor", set([]any{"x86_64"}, "ApiLambdaFunction", "Properties", "Architectures"), "architecture"},
			{"another runtime", set("nodejs22.x", "TickLambdaFunction", "Properties", "Runtime"), "runtime nodejs22.x"},
			{"no trace", set(nil, "TickLambdaFunction", "Properties", "TracingConfig"), "not traced"},
			{"no description", set(nil, "KeysLambdaFunction", "Properties", "Description"), "description"},
			{"two lines", set("One.\nTwo.", "KeysLambdaFunction", "Properties", "Description"), "description"},
			{"no function at all", func(template object) { template["Resources"] = object{} }, "no functions"},
		},
	},
	{
		says:  "a function's zip is its own",
		check: zipsAreTheFunctions,
		breaches: []breach{
			{"another's zip", set("serverless/allclear/prod/1/tick.zip", "PublishLambdaFunction", "Properties", "Code", "S3Key"), "tick.zip"},
		},
	},
	{
		says:  "a log group ends, and each function has one that is there before it",
		check: logsEnd,
		breaches: []breach{
			{"kept for ever", set(nil, "AccessLog", "Properties", "RetentionInDays"), "AccessLog: kept for ever"},
			{"a function without", set("/aws/lambda/another", "ApiLogGroup", "Properties", "LogGroupName"), "ApiLambdaFunction: no log group"},
			{"made after the function", set([]any{"ApiRole"}, "ApiLambdaFunction", "DependsOn"), "ApiLambdaFunction: not after"},
		},
	},
	{
		says:  "an environment holds no secret",
		check: environmentsHoldNoSecret,
		breaches: []breach{
			{"by its name", set("x", "ApiLambdaFunction", "Properties", "Environment", "Variables", "SIGNING_KEY"), "SIGNING_KEY"},
			{"by its look", set("wJalrXUtnFEMIK7MDENGbPxRfiCY0", "ApiLambdaFunction", "Properties", "Environment", "Variables", "NOTE"), "NOTE"},
			{"as a certificate's key", set("-----BEGIN PRIVATE KEY-----", "ApiLambdaFunction", "Properties", "Environment", "Variables", "NOTE"), "NOTE"},
			{"as a deployment's lookup", set("{{resolve:ssm-secure:/x}}", "ApiLambdaFunction", "Properties", "Environment", "Variables", "NOTE"), "NOTE"},
			{"from the custom resource", set(getAtt("Preflight", "OriginSecret"), "ApiLambdaFunction", "Properties", "Environment", "Variables", "NOTE"), "NOTE"},
		},
	},
}

func functionsRunAlike(t *testing.T, d deployment) (complaints []string) {
	if len(d.functions(t)) == 0 {
		complain(&complaints, "no functions")
	}
	for _, f := range d.functions(t) {
		if !slices.Equal(f.Architectures, []string{"arm64"}) {
			complain(&complaints, "%s: architecture %v", f.id, f.Architectures)
		}
		if f.Runtime != "provided.al2023" || f.Handler != "bootstrap" {
			complain(&complaints, "%s: runtime %s, handler %s", f.id, f.Runtime, f.Handler)
		}
		if f.TracingConfig.Mode != "Active" {
			complain(&complaints, "%s: not traced", f.id)
		}
		if len(f.Description) < 20 || strings.Contains(f.Description, "\n") || !strings.HasSuffix(f.Description, ".") {
			complain(&complaints, "%s: description %q", f.id, f.Description)
		}
	}
	return complaints
}

// The deployment tool uploads zips by their base names, so two of one name would be one.
func zipsAreTheFunctions(t *testing.T, d deployment) (complaints []string) {
	for _, f := range d.functions(t) {
		if got := path.Base(f.Code.S3Key); got != f.name+".zip" {
			complain(&complaints, "%s: has %s", f.id, got)
		}
	}
	return complaints
}

func logsEnd(t *testing.T, d deployment) (complaints []string) {
	groups := map[any]string{}
	for _, id := range d.of("AWS::Logs::LogGroup") {
		properties := d.resources[id].Properties
		groups[properties["LogGroupName"]] = id
		if days, ok := properties["RetentionInDays"].(float64); !ok || days < 1 || days > 365 {
			complain(&complaints, "%s: kept for ever or for too long", id)
		}
	}
	for _, f := range d.functions(t) {
		group, ok := groups["/aws/lambda/"+f.FunctionName]
		if !ok {
			complain(&complaints, "%s: no log group, so Lambda makes one that is kept for ever", f.id)
			continue
		}
		if after, ok := d.resources[f.id].DependsOn.([]any); !ok || !slices.Contains(after, any(group)) {
			complain(&complaints, "%s: not after its log group %s", f.id, group)
		}
	}
	return complaints
}

var (
	secretName  = regexp.MustCompile(`(?i)(secret|token|password|credentials?|key)$`)
	secretValue = regexp.MustCompile(`-----BEGIN|\{\{resolve:|^[A-Za-z0-9+/=_-]{20,}$`)
)

// A value is judged as it is written shortly: "Preflight.OriginSecret" is one by its name.
func environmentsHoldNoSecret(t *testing.T, d deployment) (complaints []string) {
	for _, f := range d.functions(t) {
		for variable, value := range f.Environment.Variables {
			text, literal := value.(string)
			if secretName.MatchString(variable) || secretName.MatchString(name(value)) || literal && secretValue.MatchString(text) {
				complain(&complaints, "%s: %s looks like a secret, which would be readable in the console", f.id, variable)
			}
		}
	}
	return complaints
}

// The order is that of the pipeline, which a reader follows in serverless.yml.
func TestFoldersFunctionsAndZipsAreTheSame(t *testing.T) {
	pipeline := []string{
		"api", "publish", "announce", "dispatch", "mail", "webhook", "feedback", "subscribe", "welcome", "tick", "setup", "keys",
	}
	wired, err := wiring.Read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	var functions []string
	for _, f := range wired.Functions {
		functions = append(functions, f.Name)
	}
	if diff := cmp.Diff(pipeline, functions); diff != "" {
		t.Errorf("functions in serverless.yml (-want +got):\n%s", diff)
	}
	mains, err := filepath.Glob(root + "/functions/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, main := range mains {
		folders = append(folders, filepath.Base(filepath.Dir(main)))
	}
	slices.Sort(functions)
	if diff := cmp.Diff(functions, folders); diff != "" {
		t.Errorf("folders in functions/ (-serverless.yml +folders):\n%s", diff)
	}
	if diff := cmp.Diff(functions, zipsOfTheMakefile(t)); diff != "" {
		t.Errorf("zips that make builds (-serverless.yml +zips):\n%s", diff)
	}
}

// zipsOfTheMakefile asks make what it would do for everything anew.
func zipsOfTheMakefile(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(root + "/Makefile"); err != nil { // so that a cached result ends with a change
		t.Fatal(err)
	}
	make := exec.CommandContext(t.Context(), "make", "-C", root, "--dry-run", "--always-make", "dist")
	make.Env = append(os.Environ(), "MAKEFLAGS=") // not those of a make that runs this test
	output, err := make.CombinedOutput()
	if err != nil {
		t.Fatalf("make: %v\n%s", err, output)
	}
	var zips []string
	for _, found := range regexp.MustCompile(`lambdazip \S+/(\w+)\.zip`).FindAllSubmatch(output, -1) {
		zips = append(zips, string(found[1]))
	}
	slices.Sort(zips)
	return zips
}

// The tool would choose 1024 MB and 6 seconds, which nobody has thought about.
func TestMemoryAndTimeoutAreChosen(t *testing.T) {
	text, err := os.ReadFile(root + "/serverless.yml")
	if err != nil {
		t.Fatal(err)
	}
	type chosen struct {
		MemorySize int `yaml:"memorySize"`
		Timeout    int `yaml:"timeout"`
	}
	var service struct {
		Provider  chosen            `yaml:"provider"`
		Functions map[string]chosen `yaml:"functions"`
	}
	if err := yaml.Unmarshal(text, &service); err != nil {
		t.Fatal(err)
	}
	for function, own := range service.Functions {
		if own.MemorySize == 0 && service.Provider.MemorySize == 0 {
			t.Errorf("%s: no memorySize, of its own or of the provider", function)
		}
		if own.Timeout == 0 && service.Provider.Timeout == 0 {
			t.Errorf("%s: no timeout, of its own or of the provider", function)
		}
	}
	if len(service.Functions) == 0 {
		t.Error("no functions")
	}
}
