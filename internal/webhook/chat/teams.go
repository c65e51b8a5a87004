package chat

import "strings"

// maxTeams is the largest message, in bytes. Teams says 28 KB, and counts two bytes for each character
// of what a connector hands on; a workflow puts a fifth around it, and has answered 202 by then, so
// that nobody would hear of a message that was too large.
// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
// https://github.com/MicrosoftDocs/msteams-docs/issues/11274
const maxTeams = 13 << 10

// teams is an Adaptive Card, which Teams' Workflows and the older connectors both take. Its texts
// are runs of rich text, not Markdown: so nothing in them can mean anything.
// https://adaptivecards.io/explorer/RichTextBlock.html
func teams(n news) (object, bool) {
	head := []object{
		teamsText(object{"type": "TextRun", "text": n.title, "size": "Large", "weight": "Bolder", "selectAction": openURL(n.url)}),
		teamsText(object{"type": "TextRun", "text": n.state, "weight": "Bolder"}),
	}
	if n.detail != "" {
		head = append(head, teamsText(object{"type": "TextRun", "text": n.detail}))
	}
	body := []object{{"type": "Container", "style": n.tone.style, "bleed": true, "items": head}}
	for _, b := range n.blocks() {
		body = append(body, teamsLines(b)...)
	}
	if len(n.components) > 0 {
		body = append(body, teamsText(object{"type": "TextRun", "text": "Components", "weight": "Bolder"}))
		for _, line := range n.components {
			body = append(body, teamsLine([]object{{"type": "TextRun", "text": line}}))
		}
	}
	body = append(body, teamsText(object{"type": "TextRun", "text": n.page + " · " + n.when, "size": "Small", "isSubtle": true}))
	action := openURL(n.url)
	action["title"] = n.button
	message := object{
		"type": "message",
		"attachments": []object{{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"contentUrl":  nil,
			"content": object{
				"$schema":      "http://adaptivecards.io/schemas/adaptive-card.json",
				"type":         "AdaptiveCard",
				"version":      "1.4",
				"fallbackText": n.headline(),
				"msteams":      object{"width": "Full"},
				"body":         body,
				"actions":      []object{action},
			},
		}},
	}
	return message, size(message) <= maxTeams
}

// teamsLines is a block, each of its lines an element: clients differ in what a line break is.
func teamsLines(b block) []object {
	prefix := b.indentation() + b.marker
	if b.quote {
		prefix += "│ "
	}
	var lines []object
	var line []object
	if prefix != "" {
		line = append(line, object{"type": "TextRun", "text": prefix})
	}
	for _, r := range b.runs {
		for n, text := range strings.Split(r.text, "\n") {
			if n > 0 {
				lines, line = append(lines, teamsLine(line)), nil
			}
			if text != "" {
				line = append(line, teamsRun(r, text, b.pre))
			}
		}
	}
	lines = append(lines, teamsLine(line))
	if !b.tight {
		delete(lines[0], "spacing") // a paragraph stands apart
	}
	return lines
}

func teamsRun(r run, text string, pre bool) object {
	inline := object{"type": "TextRun", "text": text}
	if r.style.bold {
		inline["weight"] = "Bolder"
	}
	if r.style.italic {
		inline["italic"] = true
	}
	if r.style.strike {
		inline["strikethrough"] = true
	}
	if r.style.code || pre {
		inline["fontType"] = "Monospace"
	}
	if r.link != "" {
		inline["selectAction"] = openURL(r.link)
	}
	return inline
}

// teamsLine follows the line above closely.
func teamsLine(inlines []object) object {
	if len(inlines) == 0 {
		inlines = []object{{"type": "TextRun", "text": " "}}
	}
	line := teamsText(inlines...)
	line["spacing"] = "None"
	return line
}

func teamsText(inlines ...object) object { return object{"type": "RichTextBlock", "inlines": inlines} }

func openURL(address string) object { return object{"type": "Action.OpenUrl", "url": address} }
