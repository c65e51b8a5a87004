package dynamo_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"allclear/internal/dynamo"
	"allclear/internal/table"
	"allclear/internal/tabletest"
)

// Two runs: in the first the clock moves, in the second it stands still while the emulator dates
// the stream by its own.

func TestTableConforms(t *testing.T) {
	client, name, _ := newTable(t)
	tabletest.Run(t, func(*testing.T) tabletest.Harness {
		now := time.Now()
		clock := func() time.Time { return now }
		return tabletest.Harness{
			Table:   dynamo.New(client, name, clock),
			Now:     clock,
			Advance: func(d time.Duration) { now = now.Add(d) },
		}
	})
}

func TestTheStreamTellsWhatTheLogsOfOtherAdaptersTell(t *testing.T) {
	client, name, arn := newTable(t)
	log := &streamLog{endpoint: emulator(t), stream: arn, positions: map[string]int64{}}
	tabletest.Run(t, func(*testing.T) tabletest.Harness {
		now := time.Now().Add(time.Hour) // no record is dated after it, however long a test takes
		clock := func() time.Time { return now }
		return tabletest.Harness{Table: dynamo.New(client, name, clock), Now: clock, Log: log}
	})
}

// emulator is the address of an emulator of AWS. Without one the test is skipped.
func emulator(t *testing.T) string {
	t.Helper()
	endpoint := os.Getenv("ALLCLEAR_EMULATOR")
	if endpoint == "" {
		t.Skip("ALLCLEAR_EMULATOR is not set: run scripts/emulator.sh go test ./internal/dynamo/")
	}
	return endpoint
}

// newTable makes a table as the template does, with a name of its own.
func newTable(t *testing.T) (client *dynamodb.Client, name, stream string) {
	t.Helper()
	client = dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(emulator(t)),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	name = "status-" + rand.Text()
	out, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
		BillingMode:         types.BillingModePayPerRequest,
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage},
	})
	if err != nil {
		t.Fatalf("create table %s: %v", name, err)
	}
	t.Cleanup(func() {
		_, err := client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			t.Errorf("delete table %s: %v", name, err)
		}
	})
	return client, name, *out.TableDescription.LatestStreamArn
}

var _ table.Log = (*streamLog)(nil)
