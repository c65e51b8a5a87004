package chat

import (
	"strings"
	"time"
)

// The limits of an embed, in characters. That of all its texts together is 6,000.
// https://discord.com/developers/docs/resources/message#embed-object-embed-limits
const (
	maxDiscordTitle       = 256
	maxDiscordDescription = 4096
	maxDiscordEmbed       = 6000
)

// discord is an embed. Mentions count nowhere in it, and are forbidden besides.
// https://discord.com/developers/docs/resources/webhook#execute-webhook
func discord(n news) (object, bool) {
	title := escapeMarkdown(name(n.title, largest(maxTitle, func(runes int) bool {
		return units(escapeMarkdown(name(n.title, max(runes, 1)))) <= maxDiscordTitle
	})))
	description := markdown.state(n)
	if body := markdown.body(n.blocks()); body != "" {
		description += "\n\n" + body
	}
	embed := object{
		"author":      object{"name": n.page, "url": n.pageURL},
		"title":       title,
		"url":         n.url,
		"description": description,
		"color":       n.tone.rgb,
		"timestamp":   n.at.Format(time.RFC3339),
	}
	components := ""
	if len(n.components) > 0 {
		components = escapeMarkdown(strings.Join(n.components, "\n"))
		embed["fields"] = []object{{"name": "Components", "value": components, "inline": false}}
	}
	all := units(n.page) + units(title) + units(description) + units("Components") + units(components)
	return object{
		"allowed_mentions": object{"parse": []string{}},
		"embeds":           []object{embed},
	}, units(description) <= maxDiscordDescription && all <= maxDiscordEmbed
}
