package chat

import "strings"

// maxGoogle is the largest message, in bytes.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
const maxGoogle = 32000

// googleHTML is the little HTML that cards know; there is no code in it.
// https://developers.google.com/workspace/chat/format-messages#card-formatting
var googleHTML = markup{
	escape: angles.Replace,
	bold:   [2]string{"<b>", "</b>"}, italic: [2]string{"<i>", "</i>"}, strike: [2]string{"<s>", "</s>"},
	link: func(text, address string) string {
		return `<a href="` + angles.Replace(address) + `">` + text + "</a>"
	},
	quote: "│ ",
}

// googleChat is a card. A mention is "<users/…>" in a message's text, which this has none of; the
// text for notifications may count as one.
func googleChat(n news) (object, bool) {
	head := "<b>" + googleHTML.link(angles.Replace(n.title), n.url) + "</b>\n" +
		`<font color="` + n.tone.colour + `">` + googleHTML.state(n) + "</font>"
	widgets := []object{googleText(head)}
	if body := googleHTML.body(n.blocks()); body != "" {
		widgets = append(widgets, googleText(body))
	}
	if len(n.components) > 0 {
		widgets = append(widgets, googleText("<b>Components</b>\n"+angles.Replace(strings.Join(n.components, "\n"))))
	}
	widgets = append(widgets, object{"buttonList": object{"buttons": []object{{
		"text": n.button, "onClick": object{"openLink": object{"url": n.url}},
	}}}})
	message := object{
		"fallbackText": strings.ReplaceAll(n.headline(), "<users/", "<\u200busers/"),
		"cardsV2": []object{{
			"cardId": n.id,
			"card": object{
				"header":   object{"title": n.page, "subtitle": n.when},
				"sections": []object{{"widgets": widgets}},
			},
		}},
	}
	return message, size(message) <= maxGoogle
}

func googleText(text string) object { return object{"textParagraph": object{"text": text}} }
