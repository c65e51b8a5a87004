package schematest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseFolder reads the Go files of a package, without tests.
func parseFolder(t *testing.T, folder string) []ast.Node {
	t.Helper()
	names, err := fs.Glob(os.DirFS(folder), "*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no Go files in %s: %v", folder, err)
	}
	var files []ast.Node
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), folder+"/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// constants are the texts of a closed set, by the name of its type.
func constants(t *testing.T, folder string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, file := range parseFolder(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			name, ok := spec.Type.(*ast.Ident)
			if ok && len(spec.Values) == 1 {
				if text, ok := literal(spec.Values[0]); ok {
					found[name.Name] = append(found[name.Name], text)
				}
			}
			return true
		})
	}
	return found
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

func TestClosedSetsHaveTheSameWords(t *testing.T) {
	all := schemas(t)
	status, page, store := constants(t, "../status"), constants(t, "../page"), constants(t, "../store")
	for place, want := range map[string][]string{
		"definitions/common#/$defs/component_state":           status["ComponentState"],
		"definitions/common#/$defs/incident_status":           status["IncidentStatus"],
		"definitions/common#/$defs/impact":                    status["Impact"],
		"definitions/common#/$defs/indicator":                 status["Indicator"],
		"item/event#/properties/type":                         status["EventType"],
		"item/event#/$defs/actor/properties/kind":             status["ActorKind"],
		"item/incident#/$defs/update/properties/format":       status["Format"],
		"item/subscriber#/properties/mode":                    status["Mode"],
		"item/subscriber#/properties/state":                   status["SubscriberState"],
		"item/subscriber#/properties/origin":                  status["SubscriberOrigin"],
		"item/subscriber#/properties/reason":                  status["QuarantineReason"],
		"item/subscriber#/$defs/kind":                         status["NoticeKind"],
		"item/mail-request#/properties/kind":                  store["MailKind"],
		"item/mail-request#/properties/state":                 store["MailState"],
		"item/audit#/properties/action":                       store["AuditAction"],
		"definitions/view#/$defs/head/properties/kind":        page["ViewKind"],
		"definitions/view#/$defs/banner/properties/status":    append(slices.Clone(status["Indicator"]), "notice"),
		"definitions/view#/$defs/day_uptime/properties/state": append(without(status["ComponentState"], "operational"), "no_data"),
	} {
		s, err := all.at(place)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range s.Enum.Values {
			got = append(got, v.(string))
		}
		slices.Sort(got)
		want = slices.Sorted(slices.Values(want))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-code +schema):\n%s", place, diff)
		}
	}
}

func without(words []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == word })
}

// The API asks for members of a body by name, through few methods.
func TestEveryFieldThatTheAPIAsksForIsInAnInputSchema(t *testing.T) {
	all := schemas(t)
	known := map[string]bool{}
	for _, name := range inputNames(all) {
		_, fields := fieldsOf(t, all, name)
		for _, field := range fields {
			known[field] = true
		}
	}
	readers := []string{"text", "given", "clearable", "flag", "list", "moment", "momentOrDate", "date"}
	asked := 0
	for _, file := range parseFolder(t, "../api") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains(readers, method.Sel.Name) {
				return true
			}
			if field, ok := literal(call.Args[0]); ok {
				asked++
				if !known[field] {
					t.Errorf("the API reads %q, which no input schema has", field)
				}
			}
			return true
		})
	}
	if asked < 20 {
		t.Errorf("got %d fields that the API asks for, want more: does it ask in another way now?", asked)
	}
}
