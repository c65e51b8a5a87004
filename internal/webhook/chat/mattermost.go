package chat

import "strings"

// maxMattermost is the largest message, as a server's own JSON of it counts. Older servers cut
// the text of an attachment when that is longer than 7,600 characters, with a dozen empty fields that
// they put beside ours; newer ones take a hundred times as much.
const maxMattermost = 7000

// mattermost is an attachment of Slack's older kind, whose text is Markdown. Titles are left alone:
// what is markup in them differs between versions.
// https://developers.mattermost.com/integrate/reference/message-attachments
func mattermost(n news) (object, bool) {
	text := "**" + markdown.link(escapeMarkdown(n.title), n.url) + "**\n" + markdown.state(n)
	if body := markdown.body(n.blocks()); body != "" {
		text += "\n\n" + body
	}
	attachment := object{
		"fallback":    quiet(n.headline()),
		"color":       n.tone.colour,
		"author_name": n.page,
		"author_link": n.pageURL,
		"text":        text,
		"footer":      n.when,
	}
	if len(n.components) > 0 {
		attachment["fields"] = []object{{
			"title": "Components", "value": escapeMarkdown(strings.Join(n.components, "\n")), "short": false,
		}}
	}
	message := object{"attachments": []object{attachment}}
	return message, sizeEscaped(message) <= maxMattermost
}
