package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks. https://www.standardwebhooks.com
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// MessageID names one message to one subscriber. The same event, subject (the incident or component
// that it is about) and subscriber give the same id at every attempt, so a receiver knows what it
// had already. Nothing can be read from it.
func MessageID(event, subject, subscriber string) string {
	h := sha256.New()
	for _, part := range []string{event, subject, subscriber} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return "msg_" + hex.EncodeToString(h.Sum(nil)[:16])
}

// Signature proves who sent a body, and when.
type Signature struct {
	ID        string
	Timestamp string // Unix seconds
	Value     string // "v1,<base64>", one for each active secret, the newest first
}

// Sign signs a body at the moment of an attempt. During a rotation there are two secrets, the new
// one first, so that a receiver can go from one to the other at any time.
func Sign(id string, at time.Time, body []byte, secrets ...Secret) (Signature, error) {
	if id == "" || strings.Contains(id, ".") {
		return Signature{}, fmt.Errorf("sign webhook: the id %q is empty or has a dot", id)
	}
	if len(secrets) < 1 || len(secrets) > 2 {
		return Signature{}, fmt.Errorf("sign webhook %s: %d secrets, not one or two", id, len(secrets))
	}
	s := Signature{ID: id, Timestamp: strconv.FormatInt(at.Unix(), 10)}
	values := make([]string, len(secrets))
	for n, secret := range secrets {
		if secret.IsZero() {
			return Signature{}, errors.New("sign webhook " + id + ": a secret is empty")
		}
		mac := hmac.New(sha256.New, []byte(secret.key))
		fmt.Fprintf(mac, "%s.%s.", s.ID, s.Timestamp)
		mac.Write(body)
		values[n] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	s.Value = strings.Join(values, " ")
	return s, nil
}

// Headers are the three headers of a signature, by name.
func (s Signature) Headers() map[string]string {
	return map[string]string{HeaderID: s.ID, HeaderTimestamp: s.Timestamp, HeaderSignature: s.Value}
}
