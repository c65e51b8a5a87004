// Package secret is the port to where secrets are kept: the SSM parameter store on AWS. A secret
// is made once, by setup, and read by the functions that need it; no environment and no template
// holds one. The keys of links can be replaced: LinkKeys.
package secret

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"allclear/internal/link"
)

// The names of a deployment's secrets.
const (
	SigningKey = "signing-key" // signs the links in mails; LinkKeys says what it holds
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

// Changer replaces the text of a secret that is there by what change makes of it. A change that fails
// leaves it as it was, and a reader sees the old text or the new one.
type Changer interface {
	Change(ctx context.Context, name string, change func(text string) (string, error)) error
}

// Signer makes and reads links with the deployment's keys.
func Signer(ctx context.Context, from Reader) (*link.Signer, error) {
	text, err := from.Get(ctx, SigningKey)
	if err != nil {
		return nil, err
	}
	keys, err := ParseLinkKeys(text)
	if err != nil {
		return nil, err
	}
	return keys.Signer()
}
