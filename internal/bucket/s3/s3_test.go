package s3_test

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"allclear/internal/bucket"
	"allclear/internal/bucket/buckettest"
	"allclear/internal/bucket/s3"
)

func TestS3IsABucket(t *testing.T) {
	endpoint := os.Getenv("ALLCLEAR_EMULATOR")
	if endpoint == "" {
		t.Skip("ALLCLEAR_EMULATOR is not set: run scripts/emulator.sh go test ./internal/bucket/s3/")
	}
	client := sdk.New(sdk.Options{
		BaseEndpoint: &endpoint,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	buckettest.Run(t, func(t *testing.T) bucket.Bucket {
		name := "site-" + strings.ToLower(rand.Text())
		if _, err := client.CreateBucket(t.Context(), &sdk.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
			t.Fatalf("create bucket: %v", err)
		}
		return s3.New(client, name)
	})
}
