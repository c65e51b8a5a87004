package ssm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	client "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"allclear/internal/secret"
	"allclear/internal/secret/ssm"
)

// parameters is a parameter store in memory. race, if set, is called before a put.
type parameters struct {
	values   map[string]string
	versions map[string]int64
	race     func()
	broken   error
}

func (p *parameters) GetParameter(_ context.Context, in *client.GetParameterInput, _ ...func(*client.Options)) (*client.GetParameterOutput, error) {
	if p.broken != nil {
		return nil, p.broken
	}
	value, ok := p.values[*in.Name]
	if !ok || !aws.ToBool(in.WithDecryption) {
		return nil, &types.ParameterNotFound{}
	}
	return &client.GetParameterOutput{Parameter: &types.Parameter{Value: &value, Version: p.versions[*in.Name]}}, nil
}

func (p *parameters) set(name, value string) {
	if p.versions == nil {
		p.versions = map[string]int64{}
	}
	p.versions[name]++
	p.values[name] = value
}

func (p *parameters) PutParameter(_ context.Context, in *client.PutParameterInput, _ ...func(*client.Options)) (*client.PutParameterOutput, error) {
	if p.race != nil {
		p.race()
	}
	if _, ok := p.values[*in.Name]; ok && !aws.ToBool(in.Overwrite) {
		return nil, &types.ParameterAlreadyExists{}
	}
	if in.Type != types.ParameterTypeSecureString {
		return nil, fmt.Errorf("a secret as %s", in.Type)
	}
	p.set(*in.Name, *in.Value)
	return &client.PutParameterOutput{Version: p.versions[*in.Name]}, nil
}

func (p *parameters) DeleteParameter(_ context.Context, in *client.DeleteParameterInput, _ ...func(*client.Options)) (*client.DeleteParameterOutput, error) {
	if _, ok := p.values[*in.Name]; !ok {
		return nil, &types.ParameterNotFound{}
	}
	delete(p.values, *in.Name)
	return &client.DeleteParameterOutput{}, nil
}

// stores are a store in memory and, where there is an emulator, one there.
func stores(t *testing.T) map[string]*ssm.Store {
	t.Helper()
	all := map[string]*ssm.Store{"memory": ssm.New(&parameters{values: map[string]string{}}, "/allclear/test")}
	if os.Getenv("ALLCLEAR_EMULATOR") != "" {
		configuration, err := config.LoadDefaultConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all["emulator"] = ssm.New(client.NewFromConfig(configuration), "/allclear/test-"+secret.New())
	}
	return all
}

func TestASecretIsMadeOnceAndRemoved(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			first, err := s.Ensure(t.Context(), "origin", secret.New)
			if err != nil || len(first) != 43 {
				t.Fatalf("got %d characters, %v", len(first), err)
			}
			second, err := s.Ensure(t.Context(), "origin", func() string { t.Error("made twice"); return "other" })
			if err != nil || second != first {
				t.Errorf("the second call gave another secret, %v", err)
			}
			for range 2 {
				if err := s.Remove(t.Context(), "origin"); err != nil {
					t.Errorf("remove: %v", err)
				}
			}
			if third, err := s.Ensure(t.Context(), "origin", secret.New); err != nil || third == first {
				t.Errorf("a secret that was removed is there: %v", err)
			}
		})
	}
}

func TestOfTwoThatMakeASecretAtOnceBothGetTheSame(t *testing.T) {
	p := &parameters{values: map[string]string{}}
	p.race = func() { p.set("/allclear/test/origin", "theirs") }
	got, err := ssm.New(p, "/allclear/test/").Ensure(t.Context(), "origin", func() string { return "mine" })
	if err != nil || got != "theirs" {
		t.Errorf("got %q, %v, want theirs", got, err)
	}
}

func TestAStoreThatDoesNotAnswerIsNoMissingSecret(t *testing.T) {
	p := &parameters{values: map[string]string{}, broken: errors.New("no route")}
	if _, err := ssm.New(p, "/allclear/test").Ensure(t.Context(), "origin", secret.New); !errors.Is(err, p.broken) || len(p.values) > 0 {
		t.Errorf("got %v and %d secrets", err, len(p.values))
	}
}

var _ secret.Changer = (*ssm.Store)(nil)

func TestASecretIsChangedIfItIsThere(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			missing := (*types.ParameterNotFound)(nil)
			if err := s.Change(t.Context(), "signing-key", func(string) (string, error) { t.Error("it is changed"); return "y", nil }); !errors.As(err, &missing) {
				t.Errorf("one that is not there: got %v", err)
			}
			old, err := s.Ensure(t.Context(), "signing-key", secret.New)
			if err != nil {
				t.Fatal(err)
			}
			broken := errors.New("no")
			if err := s.Change(t.Context(), "signing-key", func(string) (string, error) { return "half", broken }); !errors.Is(err, broken) {
				t.Errorf("got %v, want the error of the change", err)
			}
			if err := s.Change(t.Context(), "signing-key", func(text string) (string, error) { return "2 new\n1 " + text + "\n", nil }); err != nil {
				t.Fatal(err)
			}
			want := "2 new\n1 " + old + "\n"
			if got, err := s.Get(t.Context(), "signing-key"); err != nil || got != want {
				t.Errorf("it is another text than was put, %v", err)
			}
			// A deployment leaves it alone.
			if got, err := s.Ensure(t.Context(), "signing-key", func() string { t.Error("made anew"); return "other" }); err != nil || got != want {
				t.Errorf("a deployment gives it another text, %v", err)
			}
			if err := s.Remove(t.Context(), "signing-key"); err != nil {
				t.Error(err)
			}
		})
	}
}

// The parameter store has no condition on a put, but it counts.
func TestAChangeThatWentOverAnotherSaysSo(t *testing.T) {
	p := &parameters{values: map[string]string{}}
	p.set("/allclear/test/signing-key", "old")
	p.race = func() { p.set("/allclear/test/signing-key", "theirs") }
	err := ssm.New(p, "/allclear/test").Change(t.Context(), "signing-key", func(string) (string, error) { return "mine", nil })
	if err == nil || !strings.Contains(err.Error(), "version 2 of /allclear/test/signing-key was overwritten") {
		t.Errorf("got %v, want that another change is lost", err)
	}
}
