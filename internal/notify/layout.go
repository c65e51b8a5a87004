package notify

import (
	"strings"

	"allclear/internal/html"
)

const (
	font     = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
	monoFont = "Menlo,Consolas,monospace"
)

// What Outlook for Windows needs: it knows no max-width, and forgets the font in tables.
const (
	openMSO  = `<!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`
	closeMSO = `<!--[if mso]></td></tr></table><![endif]-->`
	fontMSO  = `<!--[if mso]><style>td,p,h1,h2,h3,h4,h5,h6,li,a,span,div{font-family:'Segoe UI',Arial,sans-serif !important}</style><![endif]-->`
)

// filler keeps what follows out of the preview that lists of mail show.
var filler = strings.Repeat("&#847; ", 60)

// newline keeps lines short, which mail servers want.
var newline = html.Verbatim("\n")

// frame is all of a mail's HTML that its words do not say.
type frame struct {
	language         *language
	subject, preview string
	page, url, logo  string
	main, foot       string // safe HTML
}

func (f frame) String() string {
	page := html.Fragment(
		html.Verbatim("<!doctype html>\n"),
		html.El("html", f.lang(), f.dir(), newline, f.head(), newline, f.body(), newline), newline,
	)
	return string(page.AppendTo(nil))
}

func (f frame) lang() html.Node { return html.Attr("lang", f.language.tag) }
func (f frame) dir() html.Node  { return html.Attr("dir", f.language.dictionary["direction"]) }

func (f frame) head() html.Node {
	return html.El("head", newline,
		html.El("meta", html.Constant("charset", "utf-8")), newline,
		html.Meta("viewport", "width=device-width, initial-scale=1"), newline,
		html.Meta("color-scheme", "light dark"), newline,
		html.Meta("supported-color-schemes", "light dark"), newline,
		html.Meta("format-detection", "telephone=no, date=no, address=no, email=no"), newline,
		html.El("title", html.Text(f.subject)), newline,
		html.El("style", html.Safe(stylesheet())), newline,
		html.Verbatim(fontMSO), newline,
	)
}

func (f frame) body() html.Node {
	return html.El("body", html.Class("page"), inline("margin:0;padding:0;width:100%;background:"+colourSurface.light+";-webkit-text-size-adjust:100%"), newline,
		html.El("div", html.Attr("role", "article"), html.Attr("aria-roledescription", "email"), html.Attr("aria-label", f.subject), f.lang(), f.dir(), newline,
			html.El("div", inline("display:none;max-height:0;overflow:hidden;opacity:0;mso-hide:all"), html.Text(f.preview), html.Safe(filler)), newline,
			html.El("table", layoutTable, background(colourSurface), html.Class("page"), inline("table-layout:fixed;background:"+colourSurface.light), newline,
				html.El("tr", html.El("td", html.Attr("align", "center"), inline("padding:24px 12px"), newline,
					html.Verbatim(openMSO), newline,
					f.column(), newline,
					html.Verbatim(closeMSO), newline,
				)), newline,
			), newline,
		), newline,
	)
}

// column has what people read: the name of the page, a card with the mail, what stands below.
func (f frame) column() html.Node {
	const breaks = ";word-break:break-word"
	const size = "font-family:" + font + ";font-size:16px;line-height:24px;"
	ink := "color:" + colourText.light
	return html.El("table", layoutTable, inline("table-layout:fixed;max-width:600px;margin:0 auto"), newline,
		html.El("tr", html.El("td", html.Class("ink"), inline("padding:0 8px 16px;"+size+"font-weight:600;"+ink+breaks), html.Attr("dir", "auto"), f.brand())), newline,
		html.El("tr", html.El("td", html.Class("card ink"), background(colourPage),
			inline("padding:24px 24px 12px;background:"+colourPage.light+";border:1px solid "+colourLine.light+";border-radius:10px;"+size+ink+breaks), newline,
			html.Safe(f.main), newline,
		)), newline,
		html.El("tr", html.El("td", html.Class("quiet"),
			inline("padding:20px 8px 0;font-family:"+font+";font-size:14px;line-height:21px;color:"+colourQuiet.light+breaks), newline,
			html.Safe(f.foot), newline,
		)), newline,
	)
}

// brand is the page's logo, or its name, which also stands for a logo that is not loaded.
func (f frame) brand() html.Node {
	shown := html.Text(f.page)
	if f.logo != "" {
		shown = html.El("img", html.Attr("src", f.logo), html.Attr("alt", f.page), html.Attr("height", "32"), html.Class("logo"),
			inline("height:32px;max-width:100%;object-fit:contain;border:0;font-size:16px;vertical-align:middle"))
	}
	return html.El("a", html.Class("ink"), html.Href(f.url), inline("color:"+colourText.light+";text-decoration:none"), shown)
}

// layoutTable says that a table holds no data: mail programs know no other columns.
var layoutTable = html.Fragment(
	html.Constant("role", "presentation"), html.Constant("width", "100%"),
	html.Constant("cellpadding", "0"), html.Constant("cellspacing", "0"), html.Constant("border", "0"),
)

// inline is a style that most programs read nothing but; it is made of this package's own constants.
func inline(declarations string) html.Node { return html.Attr("style", declarations) }

func background(c colour) html.Node { return html.Attr("bgcolor", c.light) }
