// Package docs carries the documents that a status page shows itself. The others in this folder are
// for people who read the repository.
package docs

import _ "embed"

// Webhooks explains, in Markdown, what is posted to subscribers' endpoints and how to check it.
//
//go:embed webhooks.md
var Webhooks string
