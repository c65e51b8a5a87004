package subscribe

import (
	"strings"
	"testing"

	"allclear/docs"
)

func TestTheDocumentOfWebhooksIsShownWhole(t *testing.T) {
	got := webhooks()
	for line := range strings.Lines(docs.Webhooks) {
		if title, is := strings.CutPrefix(strings.TrimSpace(line), "## "); is && !strings.Contains(got, "<h2>"+title+"</h2>") {
			t.Errorf("there is no heading %q", title)
		}
	}
	for _, want := range []string{"<table>", "<pre><code", "<code>webhook-signature</code>"} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, unwanted := range []string{"<h1", "<h3", "<h4", "```", "[Standard"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("there is %s in it", unwanted)
		}
	}
}
