// Package secret is the port to where secrets are kept: the SSM parameter store on AWS. A secret
// is made once, by setup, and read by the functions that need it; no environment and no template
// holds one.
package secret

import (
	"crypto/rand"
	"encoding/base64"
)

// The names of a deployment's secrets.
const (
	SigningKey = "signing-key" // signs the links in mails
	Origin     = "origin"      // tells requests that came through the CDN
)

// New makes the text of a secret: 256 random bits, base64url.
func New() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}
