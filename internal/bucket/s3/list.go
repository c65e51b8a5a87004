package s3

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// largestPage is how many keys S3 lists at once, at most.
const largestPage = 1000

// List implements bucket.Bucket. S3 lists in the order of the keys' bytes.
func (b *Bucket) List(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list objects %q: %w", prefix, err)
	}
	paths := []string{}
	input := &s3.ListObjectsV2Input{Bucket: &b.name}
	// A request is UTF-8, the arguments need not be. What comes back too much is left out below.
	if text := validStart(prefix); text != "" {
		input.Prefix = &text
	}
	if text := validStart(after); text != "" {
		input.StartAfter = &text
	}
	for len(paths) < limit {
		input.MaxKeys = aws.Int32(int32(min(limit-len(paths), largestPage)))
		out, err := b.client.ListObjectsV2(ctx, input)
		if err != nil {
			return nil, fmt.Errorf("list objects %q: %w", prefix, mapError(err))
		}
		for _, object := range out.Contents {
			if path := aws.ToString(object.Key); strings.HasPrefix(path, prefix) && path > after {
				paths = append(paths, path)
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			break
		}
		input.ContinuationToken = out.NextContinuationToken
	}
	return paths, nil
}

// validStart is the longest beginning of s that is UTF-8. Whatever begins with s begins with it, and
// whatever is greater than s is greater than it.
func validStart(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return s[:i]
			}
		}
	}
	return s
}
