package chat

import "strings"

// maxSlackText is the longest text of a section.
// https://docs.slack.dev/reference/block-kit/composition-objects/text-object
const maxSlackText = 3000

// mrkdwn is Slack's markup. It has no way to write "*" other than as a mark, so text that is full of
// them may look odd; it can do no more, since "<" begins everything that does something.
// https://docs.slack.dev/messaging/formatting-message-text
var mrkdwn = markup{
	escape:     escapeSlack,
	escapeCode: func(s string) string { return escapeSlack(withoutTicks(s)) },
	bold:       [2]string{"*", "*"}, italic: [2]string{"_", "_"}, strike: [2]string{"~", "~"},
	code: [2]string{"`", "`"}, pre: [2]string{"```\n", "\n```"},
	link: func(text, address string) string {
		return "<" + angles.Replace(address) + "|" + text + ">"
	},
	quote: "> ",
}

func escapeSlack(s string) string { return angles.Replace(quiet(s)) }

// slack is a line of text, which notifications show, and Block Kit in an attachment, since only
// attachments have a colour. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
func slack(n news) (object, bool) {
	body := mrkdwn.body(n.blocks())
	blocks := []object{slackSection("*" + mrkdwn.link(escapeSlack(n.title), n.url) + "*\n" + mrkdwn.state(n))}
	if body != "" {
		blocks = append(blocks, slackSection(body))
	}
	if len(n.components) > 0 {
		blocks = append(blocks, slackSection("*Components*\n"+escapeSlack(strings.Join(n.components, "\n"))))
	}
	blocks = append(blocks, object{
		"type":     "context",
		"elements": []object{slackText(mrkdwn.link(escapeSlack(n.page), n.pageURL) + " · " + escapeSlack(n.when))},
	})
	return object{
		"text":         escapeSlack(n.headline()),
		"unfurl_links": false,
		"unfurl_media": false,
		"attachments":  []object{{"color": n.tone.colour, "blocks": blocks}},
	}, units(body) <= maxSlackText
}

func slackSection(text string) object { return object{"type": "section", "text": slackText(text)} }

// slackText is verbatim: Slack adds no links and no mentions of its own.
func slackText(text string) object { return object{"type": "mrkdwn", "text": text, "verbatim": true} }
