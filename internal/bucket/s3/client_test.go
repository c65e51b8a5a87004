package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
)

// fake answers as its functions say. A call to one that is nil is a mistake and panics.
type fake struct {
	Client
	get  func() (*s3.GetObjectOutput, error)
	put  func(*s3.PutObjectInput) (*s3.PutObjectOutput, error)
	list func(*s3.ListObjectsV2Input) *s3.ListObjectsV2Output
}

func (f *fake) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return f.get()
}

func (f *fake) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return f.put(in)
}

func (f *fake) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	return f.list(in), nil
}

// answer is an error as the SDK makes it of an HTTP answer.
func answer(status int, err error) error {
	return &smithy.OperationError{ServiceID: "S3", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
	}}
}

func TestAnErrorHasItsMeaning(t *testing.T) {
	known := []error{bucket.ErrNotFound, bucket.ErrPrecondition, bucket.ErrConflict}
	for name, c := range map[string]struct {
		err      error
		get, put error // nil: none of the known ones
	}{
		"no such key":         {answer(404, &types.NoSuchKey{}), bucket.ErrNotFound, bucket.ErrPrecondition},
		"not found":           {answer(404, &types.NotFound{}), bucket.ErrNotFound, bucket.ErrNotFound},
		"no such bucket":      {answer(404, &types.NoSuchBucket{}), nil, nil},
		"precondition failed": {answer(412, &smithy.GenericAPIError{Code: "PreconditionFailed"}), bucket.ErrPrecondition, bucket.ErrPrecondition},
		"conflict":            {answer(409, &smithy.GenericAPIError{Code: "ConditionalRequestConflict"}), bucket.ErrConflict, bucket.ErrConflict},
		"forbidden":           {answer(403, &smithy.GenericAPIError{Code: "AccessDenied"}), nil, nil},
		"slow down":           {answer(503, &smithy.GenericAPIError{Code: "SlowDown"}), nil, nil},
		"no connection":       {errors.New("connection refused"), nil, nil},
	} {
		b := New(&fake{
			get: func() (*s3.GetObjectOutput, error) { return nil, c.err },
			put: func(*s3.PutObjectInput) (*s3.PutObjectOutput, error) { return nil, c.err },
		}, "site")
		_, _, get := b.Get(t.Context(), "x")
		_, put := b.Put(t.Context(), "x", bucket.Object{}, bucket.Condition{})
		for _, got := range []struct {
			method    string
			err, want error
		}{{"Get", get, c.get}, {"Put", put, c.put}} {
			if !errors.Is(got.err, c.err) {
				t.Errorf("%s, %s: got %v, which hides its cause", name, got.method, got.err)
			}
			for _, k := range known {
				if is, want := errors.Is(got.err, k), got.want != nil && errors.Is(got.want, k); is != want {
					t.Errorf("%s, %s: got that it is %q: %t, want %t", name, got.method, k, is, want)
				}
			}
		}
	}
}

func TestAPutSendsItsConditionHeadersAndVersion(t *testing.T) {
	var sent *s3.PutObjectInput
	b := New(&fake{put: func(in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
		sent = in
		return &s3.PutObjectOutput{ETag: aws.String(`"given by S3"`)}, nil
	}}, "site")
	object := bucket.Object{Body: []byte("abc"), ContentType: "text/css", CacheControl: "no-store", Seq: 1<<62 + 1}
	info, err := b.Put(t.Context(), "a/b", object, bucket.Condition{Match: `"old-2"`})
	if err != nil {
		t.Fatal(err)
	}
	want := bucket.Info{ETag: `"given by S3"`, Size: 3, ContentType: "text/css", CacheControl: "no-store", Seq: 1<<62 + 1}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
	got := []string{*sent.Bucket, *sent.Key, *sent.ContentType, *sent.CacheControl, aws.ToString(sent.IfMatch), aws.ToString(sent.IfNoneMatch), sent.Metadata["seq"]}
	if diff := cmp.Diff([]string{"site", "a/b", "text/css", "no-store", `"old-2"`, "", "4611686018427387905"}, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if _, err := b.Put(t.Context(), "a/b", object, bucket.Condition{Absent: true}); err != nil {
		t.Fatal(err)
	}
	if got := []string{aws.ToString(sent.IfMatch), aws.ToString(sent.IfNoneMatch)}; got[0] != "" || got[1] != "*" {
		t.Errorf("If-Match, If-None-Match: got %q, want none and *", got)
	}
}

func TestTheVersionIsReadFromTheMetadata(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "7": 7, "9223372036854775807": 1<<63 - 1, "seven": -1} {
		b := New(&fake{get: func() (*s3.GetObjectOutput, error) {
			out := &s3.GetObjectOutput{Body: io.NopCloser(strings.NewReader("x")), Metadata: map[string]string{"seq": text}}
			if text == "" {
				out.Metadata = nil // an object that something else put there
			}
			return out, nil
		}}, "site")
		object, info, err := b.Get(t.Context(), "x")
		switch {
		case want < 0 && err == nil:
			t.Errorf("seq %q: got %d, want an error", text, object.Seq)
		case want >= 0 && (err != nil || object.Seq != want || info.Seq != want):
			t.Errorf("seq %q: got %d and %d, %v, want %d", text, object.Seq, info.Seq, err, want)
		}
	}
}

func TestAListGoesOnOverPagesUntilTheLimit(t *testing.T) {
	var asked []int32
	b := New(&fake{list: func(in *s3.ListObjectsV2Input) *s3.ListObjectsV2Output {
		asked = append(asked, *in.MaxKeys)
		if got := aws.ToString(in.StartAfter); got != "a" {
			t.Errorf("start after %q, want the part that is UTF-8", got)
		}
		next := map[string]string{"": "b", "b": "c", "c": ""}[aws.ToString(in.ContinuationToken)]
		key := "a\U0001F6A6" // not after "a\xff"
		if in.ContinuationToken != nil {
			key = *in.ContinuationToken
		}
		return &s3.ListObjectsV2Output{
			Contents: []types.Object{{Key: &key}}, IsTruncated: aws.Bool(next != ""), NextContinuationToken: &next,
		}
	}}, "site")
	for limit, want := range map[int]struct {
		paths []string
		asked []int32
	}{
		0:    {[]string{}, nil},
		1:    {[]string{"b"}, []int32{1, 1}},
		2:    {[]string{"b", "c"}, []int32{2, 2, 1}},
		5000: {[]string{"b", "c"}, []int32{1000, 1000, 1000}},
	} {
		asked = nil
		got, err := b.List(t.Context(), "", "a\xff", limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.paths, got) + cmp.Diff(want.asked, asked); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
}
