// Package secret is the port to where secrets are kept: the SSM parameter store on AWS. A secret
// is made once, by setup, and read by the functions that need it; no environment and no template
// holds one.
package secret

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"allclear/internal/link"
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

// Reader reads a secret by name.
type Reader interface {
	Get(ctx context.Context, name string) (string, error)
}

// signingVersion is that of the one signing key that a deployment has.
const signingVersion = 1

// Signer makes and reads links with the deployment's signing key.
func Signer(ctx context.Context, from Reader) (*link.Signer, error) {
	key, err := from.Get(ctx, SigningKey)
	if err != nil {
		return nil, err
	}
	return link.NewSigner(signingVersion, map[byte][]byte{signingVersion: []byte(key)})
}
