package webhook

import (
	"regexp"
	"strconv"
	"strings"
)

// Kind says what a receiver understands.
type Kind string

// The kinds. Plain receivers get Statuspage's JSON; the others are chat services.
const (
	Plain      Kind = "webhook"
	Slack      Kind = "slack"
	Teams      Kind = "teams"
	Discord    Kind = "discord"
	GoogleChat Kind = "google_chat"
	Mattermost Kind = "mattermost" // everybody's own server: chosen by people, never told from the address
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Plain, Slack, Teams, Discord, GoogleChat, Mattermost} }

// Valid tells whether k is one of the kinds.
func (k Kind) Valid() bool {
	switch k {
	case Plain, Slack, Teams, Discord, GoogleChat, Mattermost:
		return true
	default:
		return false
	}
}

// Chat tells whether k is a chat service: its messages are for people and not signed, since the
// address itself is the secret.
func (k Kind) Chat() bool { return k.Valid() && k != Plain }

// KindOf tells the kind of a receiver from its address: the service that the address belongs to, and
// Plain for any other. Only those addresses of a service count that take its messages.
func KindOf(e Endpoint) Kind {
	path, _, _ := strings.Cut(e.path, "?")
	switch host := e.host; {
	case host == "hooks.slack.com" || host == "hooks.slack-gov.com":
		if strings.HasPrefix(path, "/services/") { // others start a workflow with variables of its own
			return Slack
		}
	case connector(host, path), workflow(host, path):
		return Teams
	case host == "chat.googleapis.com" && strings.HasPrefix(path, "/v1/spaces/"):
		return GoogleChat
	case discordHost(host) && discordPath(path):
		return Discord
	}
	return Plain
}

// connector tells an address of Teams' connectors, the older way into a channel.
func connector(host, path string) bool {
	return strings.HasSuffix(host, ".webhook.office.com") ||
		(host == "outlook.office.com" || host == "outlook.office365.com") && strings.HasPrefix(path, "/webhook/")
}

// workflow tells an address of Microsoft's Power Automate, which Teams' Workflows give out.
func workflow(host, path string) bool {
	return strings.HasSuffix(host, ".logic.azure.com") && strings.HasPrefix(path, "/workflows/") ||
		strings.HasSuffix(host, ".api.powerplatform.com") && strings.Contains(path, "/workflows/")
}

func discordHost(host string) bool {
	switch host {
	case "discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com":
		return true
	default:
		return false
	}
}

// discordPath tells /api/webhooks/<id>/<token>, with or without a version behind /api. With /slack
// or /github at its end such an address takes the messages of others.
func discordPath(path string) bool {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
	if len(parts) == 5 && strings.HasPrefix(parts[1], "v") {
		parts = append(parts[:1], parts[2:]...)
	}
	return len(parts) == 4 && parts[0] == "api" && parts[1] == "webhooks"
}

const (
	// connectorFailed begins the answer of a connector that could not pass a message on.
	connectorFailed = "Webhook message delivery failed"

	statusOK         = 200
	statusBadGateway = 502
)

var connectorStatus = regexp.MustCompile(`HTTP error ([45][0-9]{2})\b`)

// Meant is the status that an answer means: the one that it has, except where a service is known to
// say otherwise in its text. Teams' connectors answer 200 to everything and put what Teams said,
// also "too much at once" and "too large", into words.
// https://github.com/MicrosoftDocs/msteams-docs/issues/1810
func (e Endpoint) Meant(code int, text []byte) int {
	if code != statusOK || !connector(e.host, e.path) || !strings.HasPrefix(string(text), connectorFailed) {
		return code
	}
	if said := connectorStatus.FindSubmatch(text); said != nil {
		if code, err := strconv.Atoi(string(said[1])); err == nil {
			return code
		}
	}
	return statusBadGateway
}
