// Package sns is the topic port on SNS: one call of Publish for each message. The SDK may repeat a
// call that got no answer, so subscribers may get a message twice, as they may from SNS itself. The
// functions' main.go make a Topic; nothing else imports it.
package sns

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"allclear/internal/topic"
)

// Client is the part of *sns.Client that a Topic uses.
type Client interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Topic is one standard topic. It is safe for concurrent use.
type Topic struct {
	client Client
	arn    string
}

var _ topic.Topic = (*Topic)(nil)

// New makes the adapter of an existing topic.
func New(client Client, arn string) *Topic { return &Topic{client: client, arn: arn} }

// Publish implements topic.Topic.
func (t *Topic) Publish(ctx context.Context, m topic.Message) error {
	if err := topic.Validate(m); err != nil {
		return err
	}
	input := &sns.PublishInput{TopicArn: &t.arn, Message: &m.Body}
	if len(m.Attributes) > 0 {
		input.MessageAttributes = make(map[string]types.MessageAttributeValue, len(m.Attributes))
		for name, a := range m.Attributes {
			input.MessageAttributes[name] = types.MessageAttributeValue{
				DataType: aws.String(a.Type()), StringValue: aws.String(a.Value()),
			}
		}
	}
	if _, err := t.client.Publish(ctx, input); err != nil {
		return fmt.Errorf("publish message: %w", err)
	}
	return nil
}
