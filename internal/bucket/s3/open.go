package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Open is New on the SDK's client. It holds the client's five methods and not the client: one that
// is put into an interface keeps all of its hundred methods in a program that uses templates, since
// the linker cannot know which of them a template calls. That is two megabytes of every function.
func Open(client *s3.Client, name string) *Bucket {
	return New(calls{
		head: client.HeadObject, get: client.GetObject, list: client.ListObjectsV2,
		put: client.PutObject, remove: client.DeleteObject,
	}, name)
}

// options are what each call can change of the client's.
type options = func(*s3.Options)

type calls struct {
	head   func(context.Context, *s3.HeadObjectInput, ...options) (*s3.HeadObjectOutput, error)
	get    func(context.Context, *s3.GetObjectInput, ...options) (*s3.GetObjectOutput, error)
	list   func(context.Context, *s3.ListObjectsV2Input, ...options) (*s3.ListObjectsV2Output, error)
	put    func(context.Context, *s3.PutObjectInput, ...options) (*s3.PutObjectOutput, error)
	remove func(context.Context, *s3.DeleteObjectInput, ...options) (*s3.DeleteObjectOutput, error)
}

func (c calls) HeadObject(ctx context.Context, in *s3.HeadObjectInput, o ...options) (*s3.HeadObjectOutput, error) {
	return c.head(ctx, in, o...)
}

func (c calls) GetObject(ctx context.Context, in *s3.GetObjectInput, o ...options) (*s3.GetObjectOutput, error) {
	return c.get(ctx, in, o...)
}

func (c calls) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, o ...options) (*s3.ListObjectsV2Output, error) {
	return c.list(ctx, in, o...)
}

func (c calls) PutObject(ctx context.Context, in *s3.PutObjectInput, o ...options) (*s3.PutObjectOutput, error) {
	return c.put(ctx, in, o...)
}

func (c calls) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, o ...options) (*s3.DeleteObjectOutput, error) {
	return c.remove(ctx, in, o...)
}
