package subscribe

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"allclear/internal/html"
	"allclear/internal/link"
	"allclear/internal/page"
	"allclear/internal/status"
)

const (
	// policyPages lets a form be styled, show the page's icon, and go back to where it came from.
	policyPages = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
		"img-src 'self' https: data:; style-src 'self'"
	typeHTML = "text/html; charset=utf-8"
)

func (h *handler) frame(p status.Page) page.Frame {
	return page.Frame{Page: p, PublicURL: h.PublicURL(), Site: h.Site}
}

// servePages answers people. A handler that gives both an error and a page has put the error
// where it belongs on the page.
func (h *handler) servePages(w http.ResponseWriter, r *http.Request, path string) {
	secure(w.Header(), policyPages)
	thePage, err := h.thePage(r.Context())
	if err != nil {
		h.note(w, r, err)
		send(w, r, typeHTML, h.problemPage(status.Page{}, err))
		return
	}
	methods := h.routes[path]
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	do := methods[method]
	switch {
	case methods == nil:
		send(w, r, typeHTML, h.problemPage(thePage, malformed("There is nothing at this address")))
		return
	case method == http.MethodOptions:
		w.Header().Set("Allow", allow(methods))
		send(w, r, "", answer{status: http.StatusNoContent})
		return
	case do == nil:
		w.Header().Set("Allow", allow(methods))
		refused := h.problemPage(thePage, malformed("This address takes no such request"))
		refused.status = http.StatusMethodNotAllowed
		send(w, r, typeHTML, refused)
		return
	}
	shown, err := do(&request{r, thePage})
	if err != nil {
		h.note(w, r, err)
		if shown.body == nil {
			shown = h.problemPage(thePage, err)
		}
		shown.status = statusOf(err)
	}
	send(w, r, typeHTML, shown)
}

func allow(methods route) string {
	return strings.Join(append(slices.Sorted(maps.Keys(methods)), http.MethodHead, http.MethodOptions), ", ")
}

// show is a page that all went well with.
func (h *handler) show(r *request, title string, main ...html.Node) answer {
	return answer{http.StatusOK, h.frame(r.page).HTML(title, html.El("div", html.Class("forms"), html.Fragment(main...)))}
}

// titled is the title of a form. Where it comes back, the title says so first: that is what screen
// readers read first.
func titled(title string, err error) string {
	if err != nil {
		return "Error: " + title
	}
	return title
}

// problemPage says what is wrong, and where to go on.
func (h *handler) problemPage(p status.Page, err error) answer {
	main := html.El("div", html.Class("forms"),
		heading("That did not work"),
		html.El("p", html.Text(sentence(err))),
		waysOn(),
	)
	return answer{statusOf(err), h.frame(p).HTML("That did not work", main)}
}

// badLink is the page for a link that does not work any more, or never did.
func (h *handler) badLink(r *request, err error) (answer, error) {
	return h.show(r, "This link does not work",
		heading("This link does not work"),
		html.El("p", html.Text(sentence(err))),
		html.El("p", html.Text("If you are subscribed, or asked to be, we can mail you a new one.")),
		linkForm(nil, nil),
		waysOn(),
	), err
}

// Parts of several pages.

func heading(title string) html.Node { return html.El("h1", html.Text(title)) }

func paragraph(texts ...string) html.Node {
	return html.All(texts, func(t string) html.Node { return html.El("p", html.Text(t)) })
}

func waysOn() html.Node {
	return html.El("p", html.Class("more"), html.Link("/", "Current status"), html.Text(" "), html.Link(link.PathSubscribe, "Subscribe to updates"))
}

// notice tells of something done, also to who cannot see it.
func notice(text string) html.Node {
	return html.When(text != "", html.El("p", html.Class("notice"), html.Attr("role", "status"), html.Text(text)))
}

// problem is what is wrong with a form, with a link to the field.
func problem(err error) html.Node {
	if err == nil {
		return html.Node{}
	}
	said := html.Text(sentence(err))
	if field := fieldOf(err); labelOf(field) != "" {
		said = html.Link(html.Anchor(field), sentence(err))
	}
	return html.El("p", html.Class("problem"), html.Attr("role", "alert"), html.ID("problem"), said)
}

// post is a form with a button. It goes to an address of ours only.
func post(path, button string, content ...html.Node) html.Node {
	return html.El("form", html.Attr("method", "post"), html.Attr("action", path), html.Class("form"),
		html.Fragment(content...),
		html.El("p", html.El("button", html.Attr("type", "submit"), html.Class("button"), html.Text(button))),
	)
}

func hidden(name html.Literal, value string) html.Node {
	return html.El("input", html.Attr("type", "hidden"), html.Constant("name", name), html.Attr("value", value))
}

// field is a text field with its label. Attributes and hints are in more.
func field(name, kind, value string, err error, hint string, more ...html.Node) html.Node {
	wrong := fieldOf(err) == name
	described := name + "-hint"
	if wrong {
		described += " problem"
	}
	return html.El("div", html.Class("field"),
		html.El("label", html.Attr("for", name), html.Text(labelOf(name))),
		html.El("input", html.ID(name), html.Attr("name", name), html.Attr("type", kind), html.Attr("value", value),
			html.Attr("dir", "ltr"), html.Attr("aria-describedby", described), html.When(wrong, html.Attr("aria-invalid", "true")),
			html.Fragment(more...),
		),
		html.El("p", html.Class("hint"), html.ID(name+"-hint"), html.Text(hint)),
	)
}

// choice is a box to tick or a button to choose, with its label.
func choice(kind, name, value, label string, chosen bool) html.Node {
	return html.El("label", html.Class("choice"),
		html.El("input", html.Attr("type", kind), html.Attr("name", name), html.Attr("value", value), html.When(chosen, html.Boolean("checked"))),
		html.Text(" "),
		html.El("span", html.Text(label)),
	)
}
