package subscribe

import (
	"strings"
	"sync"

	"allclear/docs"
	"allclear/internal/html"
	"allclear/internal/status"
	"allclear/internal/words"
)

// webhooks is docs/webhooks.md as HTML, without its title. Its headings are those of a page of its
// own, and not of a text on somebody else's.
var webhooks = sync.OnceValue(func() string {
	_, text, _ := strings.Cut(docs.Webhooks, "\n")
	return strings.NewReplacer("<h4>", "<h2>", "</h4>", "</h2>").Replace(words.NewBodies().HTML(status.Markdown, text))
})

// showWebhooks explains to those who receive posts what they are. Every post names its address.
func (h *handler) showWebhooks(r *request) (answer, error) {
	return h.show(r, "Webhooks", heading("Webhooks"), html.El("div", html.Class("body"), html.Safe(webhooks()))), nil
}
