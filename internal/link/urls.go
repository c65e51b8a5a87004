package link

// The addresses that tokens are put into, under the page's public address. The CDN sends them to
// the function subscribe, the laptop's server to the same handler.
const (
	PathSubscribe   = "/subscribe"
	PathConfirm     = "/subscriptions/confirm"
	PathManage      = "/subscriptions/manage"
	PathUnsubscribe = "/subscriptions/unsubscribe"
	PathWebhooks    = "/subscriptions/webhooks" // where they are explained
	// ParameterToken is the query parameter, and the field of forms, that holds a token.
	ParameterToken = "t"
	// ParameterIncident is the one that names the only incident to subscribe to.
	ParameterIncident = "incident"
)

// ConfirmURL is where an address is confirmed.
func ConfirmURL(publicURL, token string) string { return address(publicURL, PathConfirm, token) }

// ManageURL is where a subscriber sees and changes what it gets.
func ManageURL(publicURL, token string) string { return address(publicURL, PathManage, token) }

// UnsubscribeURL is where a subscriber leaves, also by one click (RFC 8058).
func UnsubscribeURL(publicURL, token string) string {
	return address(publicURL, PathUnsubscribe, token)
}

// WebhooksURL is where what is posted is explained to those who receive it. Posts name it, so it must
// stay what it is.
func WebhooksURL(publicURL string) string { return publicURL + PathWebhooks }

// IncidentURL is where visitors subscribe to one incident.
func IncidentURL(publicURL, incident string) string {
	return publicURL + PathSubscribe + "?" + ParameterIncident + "=" + incident
}

// address needs no escaping: a token is base64url.
func address(publicURL, path, token string) string {
	return publicURL + path + "?" + ParameterToken + "=" + token
}
