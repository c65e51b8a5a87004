// Package bucket is the port to the store of published files: S3 on AWS, a directory on a
// laptop. It knows versions and conditions, not what a file says; internal/publish decides that.
package bucket

import (
	"context"
	"errors"
)

// Object is one published file with the headers it is served with.
type Object struct {
	Body         []byte
	ContentType  string
	CacheControl string
	Seq          int64 // version of the page it was rendered from, kept as metadata; 0 for assets
}

// Info is what is known of an object without reading it.
type Info struct {
	ETag         string // quoted, as in HTTP; the MD5 of the body alone, as S3's for simple puts
	Size         int64
	ContentType  string
	CacheControl string
	Seq          int64
}

// Condition of a Put. The zero value is unconditional.
type Condition struct {
	Match  string // only if the object's ETag is this; an absent object has none
	Absent bool   // only if there is no object; not together with Match
}

// Errors that callers act on; adapters wrap nothing else into them.
var (
	ErrNotFound     = errors.New("bucket: no such object")
	ErrPrecondition = errors.New("bucket: condition does not hold")     // S3 412: read again
	ErrConflict     = errors.New("bucket: another write is in the way") // S3 409: read again
)

// Bucket is what an adapter offers. Paths are relative, with forward slashes, without "." or ".."
// or empty segments; a path that is not so is an error. Implementations are safe for concurrent use.
type Bucket interface {
	Head(ctx context.Context, path string) (Info, error)
	Get(ctx context.Context, path string) (Object, Info, error)
	// Put replaces the whole object atomically: a reader sees the old one or the new one.
	Put(ctx context.Context, path string, object Object, condition Condition) (Info, error)
	// Delete removes an object; an absent one is no error.
	Delete(ctx context.Context, path string) error
	// List gives up to limit paths that begin with prefix, in byte order, greater than after; fewer
	// than limit means that there are no more, and a limit below 1 gives none.
	List(ctx context.Context, prefix, after string, limit int) ([]string, error)
}
