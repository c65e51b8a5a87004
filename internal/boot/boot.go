// Package boot is how every function on Lambda begins: a logger that names the request, settings
// from the environment, the configuration of the AWS SDK. It makes no client; each main.go makes
// the ones that its role allows. A function that cannot begin ends here, with a line in its log
// that says why.
package boot

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/caarlos0/env/v11"
)

// Load reads settings of type T, whose fields carry `env:"NAME"` tags, and configures the SDK.
func Load[T any](ctx context.Context) (T, aws.Config) {
	slog.SetDefault(lambdacontext.NewLogger())
	settings, configuration, err := load[T]()
	if err != nil {
		slog.ErrorContext(ctx, "function cannot begin", "error", err)
		os.Exit(1)
	}
	return settings, configuration
}

// Tables are the names of all three.
type Tables struct {
	StatusTable     string `env:"STATUS_TABLE,required,notEmpty"`
	AudienceTable   string `env:"AUDIENCE_TABLE,required,notEmpty"`
	DeliveriesTable string `env:"DELIVERIES_TABLE,required,notEmpty"`
}

// Mailing is what a function that sends mails is told.
type Mailing struct {
	Tables
	PublicURL         string `env:"PUBLIC_URL,required,notEmpty"`
	SecretPath        string `env:"SECRET_PATH,required,notEmpty"`
	MailFrom          string `env:"MAIL_FROM"` // the sender of pages that name none
	MailConfiguration string `env:"MAIL_CONFIGURATION,required,notEmpty"`
}

// Tick is what the schedule's function is told.
type Tick struct {
	Tables
	SiteBucket   string `env:"SITE_BUCKET,required,notEmpty"`
	PublicURL    string `env:"PUBLIC_URL,required,notEmpty"`
	Renderer     string `env:"RENDERER,required,notEmpty"`
	EventsTopic  string `env:"EVENTS_TOPIC,required,notEmpty"`
	MailQueue    string `env:"MAIL_QUEUE,required,notEmpty"`
	WebhookQueue string `env:"WEBHOOK_QUEUE,required,notEmpty"`
}

// Need is a value that the function cannot be without; an error ends the function.
func Need[T any](value T, err error) T {
	if err != nil {
		slog.Error("function cannot begin", "error", err)
		os.Exit(1)
	}
	return value
}

// account is what Lambda puts into every function's environment
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), and the endpoint of
// an emulator. The SDK's own loader also looks for shared files, sign-ins and instance roles,
// none of which a function has, and is a fifth of its size: see docs/decisions.
type account struct {
	Region   string `env:"AWS_REGION,required,notEmpty"`
	Key      string `env:"AWS_ACCESS_KEY_ID,required,notEmpty"`
	Secret   string `env:"AWS_SECRET_ACCESS_KEY,required,notEmpty"`
	Session  string `env:"AWS_SESSION_TOKEN"`
	Endpoint string `env:"AWS_ENDPOINT_URL"`
}

func load[T any]() (settings T, configuration aws.Config, err error) {
	if settings, err = env.ParseAs[T](); err != nil {
		return settings, configuration, fmt.Errorf("read environment: %w", err)
	}
	a, err := env.ParseAs[account]()
	if err != nil {
		return settings, configuration, fmt.Errorf("read environment: %w", err)
	}
	configuration = aws.Config{
		Region: a.Region, Credentials: credentials.NewStaticCredentialsProvider(a.Key, a.Secret, a.Session),
	}
	if a.Endpoint != "" {
		configuration.BaseEndpoint = &a.Endpoint
	}
	return settings, configuration, nil
}
