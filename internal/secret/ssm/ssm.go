// Package ssm keeps secrets in the SSM parameter store, as SecureStrings under one path with the
// account's own key, which costs nothing. The functions' main.go make a Store.
package ssm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// description is what SSM shows of a secret.
const description = "Made by allclear. Without it, links in mails that were sent do not work any more."

// Client is the part of *ssm.Client that a Store uses.
type Client interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	PutParameter(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
	DeleteParameter(context.Context, *ssm.DeleteParameterInput, ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error)
}

// Store is the secrets under one path.
type Store struct {
	client Client
	path   string
}

// New makes a Store of a path such as /allclear/prod.
func New(client Client, path string) *Store {
	return &Store{client: client, path: strings.TrimSuffix(path, "/") + "/"}
}

// Open is New on the SDK's client. It holds the client's three methods and not the client, for the
// reason that internal/dynamo's Open gives.
func Open(client *ssm.Client, path string) *Store {
	return New(calls{get: client.GetParameter, put: client.PutParameter, remove: client.DeleteParameter}, path)
}

type calls struct {
	get    func(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	put    func(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
	remove func(context.Context, *ssm.DeleteParameterInput, ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error)
}

func (c calls) GetParameter(ctx context.Context, in *ssm.GetParameterInput, o ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return c.get(ctx, in, o...)
}

func (c calls) PutParameter(ctx context.Context, in *ssm.PutParameterInput, o ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	return c.put(ctx, in, o...)
}

func (c calls) DeleteParameter(ctx context.Context, in *ssm.DeleteParameterInput, o ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error) {
	return c.remove(ctx, in, o...)
}

// Ensure answers a secret, made first if there is none. Of two that make it at once one wins, and
// both get that one's.
func (s *Store) Ensure(ctx context.Context, name string, newText func() string) (string, error) {
	text, err := s.Get(ctx, name)
	if missing := (*types.ParameterNotFound)(nil); !errors.As(err, &missing) {
		return text, err
	}
	text = newText()
	_, err = s.client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(s.path + name), Value: &text, Type: types.ParameterTypeSecureString,
		Description: aws.String(description),
	})
	if exists := (*types.ParameterAlreadyExists)(nil); errors.As(err, &exists) {
		return s.Get(ctx, name)
	}
	if err != nil {
		return "", fmt.Errorf("put secret %s: %w", name, err)
	}
	return text, nil
}

// Get reads a secret. One that was never made is an error.
func (s *Store) Get(ctx context.Context, name string) (string, error) {
	text, _, err := s.read(ctx, name)
	return text, err
}

func (s *Store) read(ctx context.Context, name string) (text string, version int64, err error) {
	out, err := s.client.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(s.path + name), WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", 0, fmt.Errorf("get secret %s: %w", name, err)
	}
	return aws.ToString(out.Parameter.Value), out.Parameter.Version, nil
}

// Change replaces the text of a secret by what is made of it. A put has no condition, so a change at
// the same time can go over another; then it has happened, and the error says what was lost.
func (s *Store) Change(ctx context.Context, name string, change func(text string) (string, error)) error {
	text, version, err := s.read(ctx, name)
	if err != nil {
		return err
	}
	if text, err = change(text); err != nil {
		return err
	}
	out, err := s.client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(s.path + name), Value: &text, Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true),
		Description: aws.String(description),
	})
	if err != nil {
		return fmt.Errorf("put secret %s: %w", name, err)
	}
	if out.Version != version+1 {
		return fmt.Errorf("somebody else changed the secret at the same time: version %d of %s%s was overwritten, aws ssm get-parameter-history still has it",
			out.Version-1, s.path, name)
	}
	return nil
}

// Remove deletes a secret; an absent one is no error.
func (s *Store) Remove(ctx context.Context, name string) error {
	_, err := s.client.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(s.path + name)})
	if missing := (*types.ParameterNotFound)(nil); err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("remove secret %s: %w", name, err)
	}
	return nil
}
