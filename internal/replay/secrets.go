package replay

import (
	"context"
	"embed"
)

// sampleSite stands for the built site.
//
//go:embed site
var sampleSite embed.FS

// secrets are those of the world; none is secret.
type secrets map[string]string

func (s secrets) Ensure(_ context.Context, name string, _ func() string) (string, error) {
	if s[name] == "" {
		s[name] = "sample-" + name
	}
	return s[name], nil
}

func (s secrets) Remove(_ context.Context, name string) error {
	delete(s, name)
	return nil
}
