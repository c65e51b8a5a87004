package page

import (
	"bytes"
	"html/template"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheStateCannotLeaveItsElement(t *testing.T) {
	script := template.Must(template.New("state").Parse(`<script type="application/json" id="state">{{.}}</script>`))
	for _, s := range []string{attack, "</script>", "<!--", "]]>", "\x00\x01\x7f", "\xff\xc3(", "\u2028\u2029", `"'<>&+`} {
		state, err := encodeView(map[string]any{s: HTML(s)})
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := script.Execute(&want, template.JS(state)); err != nil {
			t.Fatal(err)
		}
		got := scripts(sheet{State: state}).AppendTo(nil)
		if diff := cmp.Diff(want.String(), string(got)); diff != "" {
			t.Errorf("%q (-html/template +page):\n%s", s, diff)
		}
		if inside := bytes.TrimSuffix(got[1:], []byte("</script>")); bytes.ContainsAny(inside, "<&\u2028\u2029") {
			t.Errorf("%q became %s", s, got)
		}
	}
}

// A library could bring what the linter keeps out of our own imports.
func TestWhatPublishesLinksNoTemplates(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc",
		"allclear/functions/publish", "allclear/functions/tick", "allclear/functions/setup")
	linked, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(linked)) {
		if name := strings.TrimSpace(name); name == "html/template" || name == "text/template" {
			t.Errorf("%s is linked; see internal/html/escape.go", name)
		}
	}
}
