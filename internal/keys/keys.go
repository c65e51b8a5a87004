// Package keys makes API keys on request. A key's text exists in the answer and nowhere else; it
// is never logged. Who may ask is decided by IAM: the function has no other trigger than a direct
// invocation.
package keys

import (
	"context"
	"fmt"
)

// Request asks for a key.
type Request struct {
	Name string `json:"name"` // what the key is for; it is the author of what is done with it
}

// Answer holds the key's text, this once.
type Answer struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Adder keeps the hash of a key.
type Adder interface {
	AddKey(ctx context.Context, name, text string) error
}

// Handler makes a new key on each call, with a text from newKey, which is random outside of samples.
// Calling it twice makes two keys, each as good as the other.
func Handler(to Adder, newKey func() string) func(context.Context, Request) (Answer, error) {
	return func(ctx context.Context, r Request) (Answer, error) {
		answer := Answer{Name: r.Name, Key: newKey()}
		if err := to.AddKey(ctx, r.Name, answer.Key); err != nil {
			return Answer{}, fmt.Errorf("make api key: %w", err)
		}
		return answer, nil
	}
}
