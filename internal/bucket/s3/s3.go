// Package s3 is the bucket port on S3: one object per path, written whole and conditionally, its
// version in the user metadata "seq". It holds no cache and retries no lost condition. The
// functions' main.go make a Bucket; nothing else imports it.
package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"allclear/internal/bucket"
)

// seqName is the user metadata that holds an object's version, x-amz-meta-seq on the wire.
const seqName = "seq"

// Client is the part of *s3.Client that a Bucket uses.
type Client interface {
	Reader
	Writer
}

// Reader reads objects.
type Reader interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Writer changes objects.
type Writer interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
}

// Bucket is one bucket. It is safe for concurrent use.
type Bucket struct {
	client Client
	name   string
}

var _ bucket.Bucket = (*Bucket)(nil)

// New makes the adapter of an existing bucket. Who uses it needs s3:ListBucket besides the rights
// to the objects: without it S3 answers 403 where an object is absent.
func New(client Client, name string) *Bucket { return &Bucket{client: client, name: name} }

// Head implements bucket.Bucket.
func (b *Bucket) Head(ctx context.Context, path string) (bucket.Info, error) {
	if err := check(ctx, path); err != nil {
		return bucket.Info{}, fmt.Errorf("head object %q: %w", path, err)
	}
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &path})
	if err != nil {
		return bucket.Info{}, fmt.Errorf("head object %q: %w", path, mapError(err))
	}
	seq, err := seqOf(out.Metadata)
	if err != nil {
		return bucket.Info{}, fmt.Errorf("head object %q: %w", path, err)
	}
	return bucket.Info{
		ETag:         aws.ToString(out.ETag),
		Size:         aws.ToInt64(out.ContentLength),
		ContentType:  aws.ToString(out.ContentType),
		CacheControl: aws.ToString(out.CacheControl),
		Seq:          seq,
	}, nil
}

// Get implements bucket.Bucket.
func (b *Bucket) Get(ctx context.Context, path string) (bucket.Object, bucket.Info, error) {
	if err := check(ctx, path); err != nil {
		return bucket.Object{}, bucket.Info{}, fmt.Errorf("get object %q: %w", path, err)
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &path})
	if err != nil {
		return bucket.Object{}, bucket.Info{}, fmt.Errorf("get object %q: %w", path, mapError(err))
	}
	defer out.Body.Close()
	object := bucket.Object{ContentType: aws.ToString(out.ContentType), CacheControl: aws.ToString(out.CacheControl)}
	if object.Seq, err = seqOf(out.Metadata); err != nil {
		return bucket.Object{}, bucket.Info{}, fmt.Errorf("get object %q: %w", path, err)
	}
	if object.Body, err = io.ReadAll(out.Body); err != nil {
		return bucket.Object{}, bucket.Info{}, fmt.Errorf("read object %q: %w", path, err)
	}
	return object, describe(object, aws.ToString(out.ETag)), nil
}

// Put implements bucket.Bucket. A put that the SDK repeats because it got no answer may fail on the
// object that its first attempt wrote; whoever then reads again finds their own version.
func (b *Bucket) Put(ctx context.Context, path string, object bucket.Object, condition bucket.Condition) (bucket.Info, error) {
	if err := check(ctx, path); err != nil {
		return bucket.Info{}, fmt.Errorf("put object %q: %w", path, err)
	}
	input := &s3.PutObjectInput{
		Bucket:       &b.name,
		Key:          &path,
		Body:         bytes.NewReader(object.Body),
		ContentType:  &object.ContentType,
		CacheControl: &object.CacheControl,
		Metadata:     map[string]string{seqName: strconv.FormatInt(object.Seq, 10)},
	}
	if err := conditional(input, condition); err != nil {
		return bucket.Info{}, fmt.Errorf("put object %q: %w", path, err)
	}
	out, err := b.client.PutObject(ctx, input)
	if err != nil {
		return bucket.Info{}, fmt.Errorf("put object %q: %w", path, mapPutError(err))
	}
	return describe(object, aws.ToString(out.ETag)), nil
}

// Delete implements bucket.Bucket.
func (b *Bucket) Delete(ctx context.Context, path string) error {
	if err := check(ctx, path); err != nil {
		return fmt.Errorf("delete object %q: %w", path, err)
	}
	if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &path}); err != nil {
		return fmt.Errorf("delete object %q: %w", path, mapError(err))
	}
	return nil
}

// conditional puts a condition into a request, or refuses one that cannot hold.
func conditional(input *s3.PutObjectInput, condition bucket.Condition) error {
	switch {
	case condition.Absent:
		if err := condition.Check(""); err != nil {
			return err
		}
		input.IfNoneMatch = aws.String("*")
	case condition.Match != "":
		// S3 is less strict: it takes an ETag without its quotes for the same.
		if !isETag(condition.Match) {
			return bucket.ErrPrecondition
		}
		input.IfMatch = &condition.Match
	}
	return nil
}

// isETag tells whether S3 could have given an object this ETag: quoted, strong, not empty.
func isETag(tag string) bool {
	if len(tag) < 3 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return false
	}
	for _, c := range []byte(tag[1 : len(tag)-1]) {
		if c <= ' ' || c >= 0x7f || c == '"' {
			return false
		}
	}
	return true
}

// describe trusts S3 on the ETag: with a KMS key it is not the MD5 of the body.
func describe(object bucket.Object, etag string) bucket.Info {
	return bucket.Info{
		ETag:         etag,
		Size:         int64(len(object.Body)),
		ContentType:  object.ContentType,
		CacheControl: object.CacheControl,
		Seq:          object.Seq,
	}
}

// seqOf reads the version out of the metadata; an object that something else put there has none.
func seqOf(metadata map[string]string) (int64, error) {
	text, ok := metadata[seqName]
	if !ok {
		return 0, nil
	}
	seq, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("metadata %s: %w", seqName, err)
	}
	return seq, nil
}

func check(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return bucket.CheckPath(path)
}
