package boot

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

type settings struct {
	Table string `env:"BOOT_TEST_TABLE,required,notEmpty"`
	Limit int    `env:"BOOT_TEST_LIMIT" envDefault:"60"`
}

func lambdaEnvironment(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "token", "AWS_ENDPOINT_URL": "", "BOOT_TEST_TABLE": "status",
	} {
		t.Setenv(name, value)
	}
}

func TestSettingsAndTheAccountComeFromTheEnvironment(t *testing.T) {
	lambdaEnvironment(t)
	got, configuration, err := load[settings]()
	if err != nil || got != (settings{Table: "status", Limit: 60}) || configuration.Region != "eu-central-1" || configuration.BaseEndpoint != nil {
		t.Errorf("got %+v in %q at %v, %v", got, configuration.Region, configuration.BaseEndpoint, err)
	}
	credentials, err := configuration.Credentials.Retrieve(t.Context())
	if err != nil || credentials.AccessKeyID != "id" || credentials.SecretAccessKey != "secret" || credentials.SessionToken != "token" {
		t.Errorf("the credentials are not those of the environment: %v", err)
	}
}

func TestAnEmulatorIsUsedWhereOneIsNamed(t *testing.T) {
	lambdaEnvironment(t)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
	if _, configuration, err := load[settings](); err != nil || aws.ToString(configuration.BaseEndpoint) != "http://127.0.0.1:4566" {
		t.Errorf("got %v, %v", configuration.BaseEndpoint, err)
	}
}

func TestASettingThatIsMissingOrWrongIsNamed(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"BOOT_TEST_TABLE":   {"BOOT_TEST_TABLE": ""},
		"Limit":             {"BOOT_TEST_LIMIT": "many"},
		"AWS_REGION":        {"AWS_REGION": ""},
		"AWS_ACCESS_KEY_ID": {"AWS_ACCESS_KEY_ID": ""},
	} {
		t.Run(name, func(t *testing.T) {
			lambdaEnvironment(t)
			for key, value := range set {
				t.Setenv(key, value)
			}
			if _, _, err := load[settings](); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want an error that names %s", err, name)
			}
		})
	}
}
