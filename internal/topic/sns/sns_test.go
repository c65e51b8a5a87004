package sns_test

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"allclear/internal/topic"
	"allclear/internal/topic/sns"
	"allclear/internal/topic/topictest"
)

func TestSNSIsATopic(t *testing.T) {
	endpoint := os.Getenv("ALLCLEAR_EMULATOR")
	if endpoint == "" {
		t.Skip("ALLCLEAR_EMULATOR is not set: run scripts/emulator.sh go test ./internal/topic/sns/")
	}
	keys := credentials.NewStaticCredentialsProvider("test", "test", "")
	client := sdk.New(sdk.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: keys})
	queues := sqs.New(sqs.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: keys})
	topictest.Run(t, func(t *testing.T) topictest.Harness {
		made, err := client.CreateTopic(t.Context(), &sdk.CreateTopicInput{Name: aws.String("topic-" + rand.Text())})
		if err != nil {
			t.Fatalf("create topic: %v", err)
		}
		queue := subscribe(t, client, queues, *made.TopicArn)
		return topictest.Harness{
			Topic: sns.New(client, *made.TopicArn),
			Receive: func(t *testing.T) []topic.Message {
				out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
					QueueUrl: &queue, MaxNumberOfMessages: 10, VisibilityTimeout: 600,
				})
				if err != nil {
					t.Fatalf("receive: %v", err)
				}
				var messages []topic.Message
				for _, m := range out.Messages {
					messages = append(messages, notified(t, *m.Body))
				}
				return messages
			},
		}
	})
}

// subscribe makes a queue that gets what is published, and returns its URL.
func subscribe(t *testing.T, client *sdk.Client, queues *sqs.Client, topicARN string) string {
	t.Helper()
	name := "queue-" + rand.Text()
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatalf("create queue: %v", err)
	}
	_, err = client.Subscribe(t.Context(), &sdk.SubscribeInput{
		TopicArn: &topicARN, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:000000000000:" + name),
	})
	if err != nil {
		t.Fatalf("subscribe queue: %v", err)
	}
	return *queue.QueueUrl
}

// notified is the message in a notification as SNS delivers it to a queue.
func notified(t *testing.T, body string) topic.Message {
	t.Helper()
	var notification struct {
		Message           string
		MessageAttributes map[string]struct{ Type, Value string }
	}
	if err := json.Unmarshal([]byte(body), &notification); err != nil {
		t.Fatalf("read notification: %v", err)
	}
	m := topic.Message{Body: notification.Message, Attributes: map[string]topic.Attribute{}}
	for name, v := range notification.MessageAttributes {
		a, err := topic.Attributed(v.Type, v.Value)
		if err != nil {
			t.Fatal(err)
		}
		m.Attributes[name] = a
	}
	return m
}
