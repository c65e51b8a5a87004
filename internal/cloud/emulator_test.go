package cloud_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"allclear/internal/bucket"
	"allclear/internal/cloud"
	"allclear/internal/dynamo"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/recovery"
	"allclear/internal/status"
	"allclear/internal/store"
)

var operator = status.Actor{Kind: status.ActorKey, Name: "test"}

// emulated is a stage of which there is as much as an operator's program looks at: two tables, a
// bucket and a function that names them.
type emulated struct {
	*testing.T
	*cloud.Deployment
	dynamo    *dynamodb.Client
	restored  string
	publisher publish.Publisher
}

func newEmulated(t *testing.T) *emulated {
	t.Helper()
	if os.Getenv("ALLCLEAR_EMULATOR") == "" {
		t.Skip("ALLCLEAR_EMULATOR is not set: run scripts/emulator.sh go test ./internal/cloud/")
	}
	loaded, err := config.LoadDefaultConfig(t.Context())
	check(t, err)
	e := &emulated{T: t, dynamo: dynamodb.NewFromConfig(loaded)}
	suffix := strings.ToLower(rand.Text()[:8])
	live := e.newTable("live-" + suffix)
	e.restored = e.newTable("restored-" + suffix)
	site := "site-" + suffix
	_, err = s3.NewFromConfig(loaded).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &site})
	check(t, err)
	_, err = lambda.NewFromConfig(loaded).CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("allclear-e" + suffix + "-tick"), Role: aws.String("arn:aws:iam::000000000000:role/tick"),
		Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &lambdatypes.FunctionCode{ZipFile: program(t)},
		Environment: &lambdatypes.Environment{Variables: map[string]string{"STATUS_TABLE": live, "SITE_BUCKET": site}},
	})
	check(t, err)
	e.Deployment, err = cloud.Find(t.Context(), "e"+suffix)
	check(t, err)
	e.publisher = publish.Publisher{
		Store: e.Store, Bucket: e.Bucket, PublicURL: "https://status.example.com", Renderer: "1", Logger: slog.New(slog.DiscardHandler),
	}
	return e
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// program is a zip that can be deployed; it is never run.
func program(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("bootstrap")
	check(t, err)
	_, err = f.Write([]byte("#!/bin/sh\n"))
	check(t, errors.Join(err, w.Close()))
	return b.Bytes()
}

func (e *emulated) newTable(name string) string {
	e.Helper()
	_, err := e.dynamo.CreateTable(e.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: dynamotypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamotypes.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: dynamotypes.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: dynamotypes.ScalarAttributeTypeS},
		},
		KeySchema: []dynamotypes.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: dynamotypes.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: dynamotypes.KeyTypeRange},
		},
	})
	check(e.T, err)
	return name
}

func (e *emulated) post(name string) (id string) {
	e.Helper()
	_, err := e.Store.Commit(e.Context(), "thepage", func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		i, applied, err := status.NewIncident(status.IncidentChange{Name: &name}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		id = i.ID
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentCreated, Actor: operator, Incident: id, States: applied.States})
		return nil
	})
	check(e.T, err)
	return id
}

func (e *emulated) publish() {
	e.Helper()
	_, err := e.publisher.CatchUp(e.Context(), "thepage")
	check(e.T, err)
}

func (e *emulated) there(id string) bool {
	e.Helper()
	_, err := e.Bucket.Head(e.Context(), page.PathIncidentHTML(id))
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		e.Fatal(err)
	}
	return err == nil
}

func TestADeployedStageIsRestoredFromAnotherTableAndRedriven(t *testing.T) {
	e := newEmulated(t)
	_, err := e.Store.CreatePage(t.Context(), "thepage", status.DefaultSettings("Page"), operator)
	check(t, err)
	check(t, e.Store.AddKey(t.Context(), "ci", "key"))
	kept := e.post("Kept")
	e.publish()
	restored := e.TableStore(e.restored)
	check(t, store.CopyPage(t.Context(), dynamo.New(e.dynamo, e.Table(), nil), dynamo.New(e.dynamo, e.restored, nil), "thepage"))
	check(t, restored.AddKey(t.Context(), "ci", "key"))
	lost := e.post("Lost")
	e.publish()

	if err := e.CheckRestored(t.Context(), e.Table()); err == nil || !strings.Contains(err.Error(), "is the live table") {
		t.Errorf("restoring from the live table: got %v", err)
	}
	if err := e.CheckRestored(t.Context(), "none"); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("restoring from no table: got %v", err)
	}
	check(t, e.CheckRestored(t.Context(), e.restored))
	progress := func(string, int, int) {}
	r := recovery.Restorer{
		From: restored, Live: e.Store, Bucket: e.Bucket, Progress: progress,
		Confirm: func(*store.Restore) (bool, error) { return true, nil },
	}
	done, err := r.Restore(t.Context())
	check(t, err)
	e.publish()
	if ok, err := e.Settle(context.WithoutCancel(t.Context()), "thepage", done[0].After.Seq, 0); !ok || err != nil {
		t.Errorf("settled: got %t, %v, want yes", ok, err)
	}
	if e.there(lost) || !e.there(kept) {
		t.Errorf("documents: lost %t, kept %t; want no, yes", e.there(lost), e.there(kept))
	}
	check(t, e.Bucket.Delete(t.Context(), page.PathIncidentHTML(kept)))
	_, err = recovery.Redrive(t.Context(), e.Store, recovery.Window{Until: e.Store.Now()}, nil, false)
	check(t, err)
	e.publish()
	if !e.there(kept) {
		t.Error("the redrive did not render the incident again")
	}
}
