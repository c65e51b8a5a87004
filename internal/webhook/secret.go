package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"allclear/internal/status"
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
	// The bounds of Standard Webhooks.
	minSecretBytes = 24
	maxSecretBytes = 64
)

// Secret is what an endpoint's owner checks our signatures with. It does not show itself: printed
// or logged it is hidden; Text is for the owner, once, and for the store.
type Secret struct{ key string } // comparable; the zero Secret is none

// NewSecret makes a secret of 32 random bytes.
func NewSecret(random io.Reader) (Secret, error) {
	key := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return Secret{}, fmt.Errorf("make webhook secret: %w", err)
	}
	return Secret{string(key)}, nil
}

// ParseSecret reads whsec_<base64> of 24 to 64 bytes. The errors are status.Errors about the field
// and do not repeat what was given.
func ParseSecret(field, text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	if !ok {
		return Secret{}, status.Invalidf(field, "must begin with %s", secretPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") { // which the decoder would skip
		return Secret{}, status.Invalidf(field, "must be base64 after %s", secretPrefix)
	}
	if len(key) < minSecretBytes || len(key) > maxSecretBytes {
		return Secret{}, status.Invalidf(field, "must hold %d to %d bytes", minSecretBytes, maxSecretBytes)
	}
	return Secret{string(key)}, nil
}

// Text is the secret itself.
func (s Secret) Text() string { return secretPrefix + base64.StdEncoding.EncodeToString([]byte(s.key)) }

// IsZero tells whether there is no secret.
func (s Secret) IsZero() bool { return s.key == "" }

const hiddenSecret = secretPrefix + "…"

// String hides the secret.
func (s Secret) String() string { return hiddenSecret }

// GoString hides the secret.
func (s Secret) GoString() string { return hiddenSecret }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hiddenSecret) }

// MarshalText refuses: a secret that is to be kept is kept as Text, on purpose.
func (s Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("marshal webhook secret: it is written by Text only")
}
