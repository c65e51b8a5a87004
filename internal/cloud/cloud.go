// Package cloud is a deployed stack as an operator's program sees it: found by its stage, through
// the environment of its own function tick, so that there is one truth about which tables and
// bucket it has. It reads AWS's usual environment and files for region and credentials, and
// changes nothing of the stack but what makes functions start anew. cmd/allclear calls it.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"allclear/internal/announce"
	"allclear/internal/bucket"
	buckets3 "allclear/internal/bucket/s3"
	"allclear/internal/dynamo"
	secretssm "allclear/internal/secret/ssm"
	"allclear/internal/store"
	topicsns "allclear/internal/topic/sns"
)

// Deployment is one stage of allclear in the account and region that the environment names.
type Deployment struct {
	Stage  string
	Region string
	Store  *store.Store
	// Audience is nil where the stage is older than subscribers are.
	Audience *store.Audience
	Bucket   bucket.Bucket
	Secrets  *secretssm.Store

	table  string
	topic  *announce.Announcer
	lambda *lambda.Client
	dynamo *dynamodb.Client
}

// stages are what a stage can be called: a part of the names of stack and functions.
var stages = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,39}$`)

// The function that has every name in its environment, and the names.
const (
	witness           = "tick"
	statusTableName   = "STATUS_TABLE"
	audienceTableName = "AUDIENCE_TABLE"
	siteBucketName    = "SITE_BUCKET"
	eventsTopicName   = "EVENTS_TOPIC"
	publicURLName     = "PUBLIC_URL"
)

// Find finds a deployed stage. No region, no credentials, no rights and no such stage are each an
// error of one sentence that an operator can act on.
func Find(ctx context.Context, stage string) (*Deployment, error) {
	if !stages.MatchString(stage) {
		return nil, fmt.Errorf("--stage must be the name of a stage such as prod, not %q", stage)
	}
	loaded, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		return nil, errors.New("no AWS region is set: set AWS_REGION to where the stage is deployed, such as us-east-1")
	}
	if loaded.Credentials == nil {
		return nil, errNoCredentials
	}
	if _, err := loaded.Credentials.Retrieve(ctx); err != nil {
		return nil, errors.Join(errNoCredentials, ctx.Err())
	}
	d := &Deployment{Stage: stage, Region: loaded.Region, lambda: lambda.NewFromConfig(loaded), dynamo: dynamodb.NewFromConfig(loaded)}
	name := d.function(witness)
	found, err := d.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if absent := (*types.ResourceNotFoundException)(nil); errors.As(err, &absent) {
		return nil, fmt.Errorf("there is no stage %s in %s: it has no function %s (another region? set AWS_REGION)", stage, d.Region, name)
	}
	if err != nil {
		return nil, fmt.Errorf("find stage %s: %w", stage, Explain(err))
	}
	var site string
	if found.Environment != nil {
		d.table, site = found.Environment.Variables[statusTableName], found.Environment.Variables[siteBucketName]
	}
	if d.table == "" || site == "" {
		return nil, fmt.Errorf("function %s names no %s or no %s: it is not allclear's, or older than this program; deploy again", name, statusTableName, siteBucketName)
	}
	d.Store = d.TableStore(d.table)
	if name := found.Environment.Variables[audienceTableName]; name != "" {
		d.Audience = store.NewAudience(dynamo.New(d.dynamo, name, nil), store.Options{})
	}
	d.Secrets = secretssm.Open(ssm.NewFromConfig(loaded), "/allclear/"+stage) // the SECRET_PATH of serverless.yml
	d.topic = &announce.Announcer{
		Topic:     topicsns.New(sns.NewFromConfig(loaded), found.Environment.Variables[eventsTopicName]),
		PublicURL: found.Environment.Variables[publicURLName], Now: time.Now, Logger: slog.Default(),
	}
	d.Bucket = buckets3.New(s3.NewFromConfig(loaded, func(o *s3.Options) {
		o.DisableLogOutputChecksumValidationSkipped = true // a line for each object that was put without a checksum
	}), site)
	return d, nil
}

// function is the deployed name of a function of serverless.yml.
func (d *Deployment) function(name string) string { return "allclear-" + d.Stage + "-" + name }

// Announcer announces events on the stage's topic.
func (d *Deployment) Announcer() *announce.Announcer { return d.topic }

// Table is the name of the live Status table.
func (d *Deployment) Table() string { return d.table }

// TableStore reads and writes another Status table of the same account and region, such as one
// that was restored from a backup.
func (d *Deployment) TableStore(name string) *store.Store {
	return store.New(dynamo.New(d.dynamo, name, nil), store.Options{})
}

// CheckRestored refuses a table that cannot be what a restore made: the live table itself, one
// that is not there, or one that is not ready yet.
func (d *Deployment) CheckRestored(ctx context.Context, name string) error {
	if name == d.table {
		return fmt.Errorf("%s is the live table of stage %s: --from takes the table that it was restored to", name, d.Stage)
	}
	out, err := d.dynamo.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return fmt.Errorf("describe table %s: %w", name, Explain(err))
	}
	if out.Table.TableStatus != "ACTIVE" {
		return fmt.Errorf("table %s is not ready: it is %s; wait for it with: aws dynamodb wait table-exists --table-name %s", name, out.Table.TableStatus, name)
	}
	if aws.ToString(out.Table.TableName) == d.table { // named by its ARN
		return fmt.Errorf("%s is the live table of stage %s: --from takes the table that it was restored to", name, d.Stage)
	}
	return nil
}
