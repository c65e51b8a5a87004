package cost_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket/s3"
	"allclear/internal/cost"
	"allclear/internal/dynamo"
	"allclear/internal/store"
)

// emulated is a world on DynamoDB and S3 whose SDK's calls are counted.
func emulated(t *testing.T, incidents int) *world {
	t.Helper()
	endpoint := os.Getenv("ALLCLEAR_EMULATOR")
	if endpoint == "" {
		t.Skip("ALLCLEAR_EMULATOR is not set: run scripts/emulator.sh go test ./internal/cost/")
	}
	var c tally
	who := credentials.NewStaticCredentialsProvider("test", "test", "")
	db := dynamodb.New(dynamodb.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: who})
	objects := sdk.New(sdk.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: who})
	name := "cost-" + strings.ToLower(rand.Text())
	newTable(t, db, name)
	if _, err := objects.CreateBucket(t.Context(), &sdk.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("create bucket: %v", err)
	}
	tbl := dynamo.New(countedDynamo{db, &c}, name, func() time.Time { return measuredAt })
	if err := store.CopyPage(t.Context(), history(t, incidents, few), tbl, pageID); err != nil {
		t.Fatal(err)
	}
	if err := store.New(tbl, store.Options{}).AddKey(t.Context(), "counted", apiKey); err != nil {
		t.Fatal(err)
	}
	return newWorld(t, tbl, s3.New(countedS3{objects, &c}, name), &c)
}

// newTable makes a table as the template does.
func newTable(t *testing.T, client *dynamodb.Client, name string) {
	t.Helper()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
		BillingMode: types.BillingModePayPerRequest,
	})
	if err != nil {
		t.Fatalf("create table %s: %v", name, err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Errorf("delete table %s: %v", name, err)
		}
	})
}

func TestTheSDKMakesTheCallsOfCallsJSON(t *testing.T) {
	for _, incidents := range []int{full, 200} {
		t.Run(fmt.Sprint(incidents, " incidents"), func(t *testing.T) {
			for name, used := range emulated(t, incidents).scenarios() {
				if diff := cmp.Diff(goldenCalls(t, name), used.calls); diff != "" {
					t.Errorf("%s (-calls.json +counted):\n%s", name, diff)
				}
			}
		})
	}
}

func TestTenMinutesAtRestMakesTheCallsOfCallsJSON(t *testing.T) {
	used := emulated(t, 0).atRest()
	if diff := cmp.Diff(goldenCalls(t, cost.AtRest), used.calls); diff != "" {
		t.Errorf("(-calls.json +counted):\n%s", diff)
	}
}

func TestTellingMakesTheCallsThatAreCountedInMemory(t *testing.T) {
	const subscribers = 20
	want := countedTold(t, short, few, subscribers)[0]
	if diff := cmp.Diff(want.calls, emulated(t, short).telling.told(subscribers).calls); diff != "" {
		t.Errorf("(-in memory +counted):\n%s", diff)
	}
}
