package replay

// given names the samples that must have run before another, so that what it speaks of is there.
var given = map[string][]string{
	"http/incident-update":            {"http/incident-create"},
	"http/incident-resolve":           {"http/incident-create"},
	"http/subscribe-form-incident":    {"http/incident-create"},
	"http/incident-delete":            {"http/incident-create"},
	"http/subscription-confirm":       {"http/subscribe-form"},
	"http/subscription-confirm-shown": {"http/subscribe-form"},

	"dynamodb/incident-created":  {"http/incident-create"},
	"dynamodb/incident-resolved": {"http/incident-create", "http/incident-resolve"},
	"dynamodb/component-updated": {"http/component-update"},

	"dynamodb-audience/confirmation-requested": {"http/subscribe-form"},
	"dynamodb-audience/manage-link-requested":  {"http/subscribe-form", "http/subscription-confirm", "http/subscribe-form"},

	"schedule/maintenance-started": {"http/maintenance-create"},
	"schedule/dispatch-overdue":    {"http/incident-create"},
	// Each run looks at a part of the audience; the third comes to where the subscriber is.
	"schedule/subscription-over": {
		"http/incident-create", "http/subscribe-form-incident", "http/incident-delete", "schedule/subscription-over", "schedule/subscription-over",
	},
	"schedule/confirmation-pending": {"http/subscribe-form"},

	"sns/incident-created": {"http/incident-create"},
	"sqs/mail-chunk":       {"http/incident-create"},
	"sqs/webhook-chunk":    {"http/incident-create"},

	"ses/confirmation-bounced":      {"http/subscribe-form", "dynamodb-audience/confirmation-requested"},
	"ses/mail-sent":                 mailed,
	"ses/mail-delivered":            mailed,
	"ses/mail-delayed":              mailed,
	"ses/mail-bounced":              mailed,
	"ses/mail-bounced-elsewhere":    mailed,
	"ses/mail-bounced-mailbox-full": mailed,
	"ses/mail-complained":           mailed,
	"ses/mail-rejected":             mailed,
}

// mailed is what a report of SES is about.
var mailed = []string{"http/incident-create", "sqs/mail-chunk"}
