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
		Description: aws.String("Made by allclear. Without it, links in mails that were sent do not work any more."),
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
	out, err := s.client.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(s.path + name), WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", fmt.Errorf("get secret %s: %w", name, err)
	}
	return aws.ToString(out.Parameter.Value), nil
}

// Remove deletes a secret; an absent one is no error.
func (s *Store) Remove(ctx context.Context, name string) error {
	_, err := s.client.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(s.path + name)})
	if missing := (*types.ParameterNotFound)(nil); err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("remove secret %s: %w", name, err)
	}
	return nil
}
