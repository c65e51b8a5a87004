package sns

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/topic"
)

// fake answers as its function says.
type fake func(*sns.PublishInput) error

func (f fake) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return &sns.PublishOutput{}, f(in)
}

func TestAttributesGoOutWithTheirTypes(t *testing.T) {
	got := map[string]string{}
	s := New(fake(func(in *sns.PublishInput) error {
		got["topic"], got["message"] = *in.TopicArn, *in.Message
		for name, v := range in.MessageAttributes {
			got[name] = *v.DataType + " " + *v.StringValue
		}
		return nil
	}), "arn:topic")
	err := s.Publish(t.Context(), topic.Message{Body: "{}", Attributes: map[string]topic.Attribute{
		"page": topic.Text("p"), "components": topic.List("a", "<b>"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"topic": "arn:topic", "message": "{}", "page": "String p", "components": `String.Array ["a","<b>"]`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestAFailedCallKeepsItsCause(t *testing.T) {
	cut := errors.New("connection reset")
	err := New(fake(func(*sns.PublishInput) error { return cut }), "arn").Publish(t.Context(), topic.Message{Body: "x"})
	if !errors.Is(err, cut) || errors.Is(err, topic.ErrInvalid) {
		t.Errorf("got %v, want the cause", err)
	}
}
