package sqs_test

import (
	"crypto/rand"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"

	"allclear/internal/queue/queuetest"
	"allclear/internal/queue/sqs"
)

func TestSQSIsAQueue(t *testing.T) {
	endpoint := os.Getenv("ALLCLEAR_EMULATOR")
	if endpoint == "" {
		t.Skip("ALLCLEAR_EMULATOR is not set: run scripts/emulator.sh go test ./internal/queue/sqs/")
	}
	client := sdk.New(sdk.Options{
		BaseEndpoint: &endpoint,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	queuetest.Run(t, func(t *testing.T) queuetest.Harness {
		made, err := client.CreateQueue(t.Context(), &sdk.CreateQueueInput{QueueName: aws.String("queue-" + rand.Text())})
		if err != nil {
			t.Fatalf("create queue: %v", err)
		}
		return queuetest.Harness{
			Queue: sqs.New(client, *made.QueueUrl),
			Receive: func(t *testing.T) []string {
				out, err := client.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{
					QueueUrl: made.QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600,
				})
				if err != nil {
					t.Fatalf("receive: %v", err)
				}
				var bodies []string
				for _, m := range out.Messages {
					bodies = append(bodies, *m.Body)
				}
				return bodies
			},
		}
	})
}
