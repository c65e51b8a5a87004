package ses_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ses"

	"allclear/internal/mailer/mailertest"
	"allclear/internal/mailer/ses"
)

func TestSESIsAMailer(t *testing.T) {
	endpoint := os.Getenv("ALLCLEAR_EMULATOR")
	if endpoint == "" {
		t.Skip("ALLCLEAR_EMULATOR is not set: run scripts/emulator.sh go test ./internal/mailer/ses/")
	}
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	client := sdk.NewFromConfig(config)
	mailertest.Run(t, func(t *testing.T) mailertest.Harness {
		sender := "status-" + rand.Text() + "@example.com"
		if _, err := client.VerifyEmailIdentity(t.Context(), &sdk.VerifyEmailIdentityInput{EmailAddress: &sender}); err != nil {
			t.Fatalf("verify sender: %v", err)
		}
		return mailertest.Harness{
			Mailer: ses.New(config, ""), Sender: sender, BodyOnly: true,
			Sent: func(t *testing.T) []mailertest.Sent { return captured(t, endpoint, sender) },
		}
	})
}

// captured is what the emulator took from a sender.
func captured(t *testing.T, endpoint, sender string) []mailertest.Sent {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/_ministack/ses/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Messages map[string][]struct { // by account
			Source, BodyText string
			To               []string
		} `json:"messages"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	var sent []mailertest.Sent
	for _, account := range answer.Messages {
		for _, m := range account {
			if m.Source == sender && len(m.To) == 1 {
				sent = append(sent, mailertest.Sent{From: m.Source, To: m.To[0], Raw: m.BodyText})
			}
		}
	}
	return sent
}
