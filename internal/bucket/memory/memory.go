// Package memory is a bucket that lives in a map: for tests and simulation. It keeps nothing and
// shares no bytes with its callers.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"allclear/internal/bucket"
)

// Bucket is an empty bucket in its zero value, safe for concurrent use.
type Bucket struct {
	mu      sync.RWMutex
	objects map[string]stored
}

type stored struct {
	body []byte
	info bucket.Info
}

var _ bucket.Bucket = (*Bucket)(nil)

// Head implements bucket.Bucket.
func (b *Bucket) Head(ctx context.Context, path string) (bucket.Info, error) {
	object, err := b.find(ctx, path)
	if err != nil {
		return bucket.Info{}, fmt.Errorf("head object %q: %w", path, err)
	}
	return object.info, nil
}

// Get implements bucket.Bucket.
func (b *Bucket) Get(ctx context.Context, path string) (bucket.Object, bucket.Info, error) {
	object, err := b.find(ctx, path)
	if err != nil {
		return bucket.Object{}, bucket.Info{}, fmt.Errorf("get object %q: %w", path, err)
	}
	info := object.info
	return bucket.Object{
		Body:         bytes.Clone(object.body),
		ContentType:  info.ContentType,
		CacheControl: info.CacheControl,
		Seq:          info.Seq,
	}, info, nil
}

// Put implements bucket.Bucket.
func (b *Bucket) Put(ctx context.Context, path string, object bucket.Object, condition bucket.Condition) (bucket.Info, error) {
	if err := check(ctx, path); err != nil {
		return bucket.Info{}, fmt.Errorf("put object %q: %w", path, err)
	}
	// Cloned and described outside the lock; never nil, so that a reader of an empty object gets
	// the same from every adapter.
	next := stored{body: append([]byte{}, object.Body...), info: bucket.Describe(object)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := condition.Check(b.objects[path].info.ETag); err != nil {
		return bucket.Info{}, fmt.Errorf("put object %q: %w", path, err)
	}
	if b.objects == nil {
		b.objects = make(map[string]stored)
	}
	b.objects[path] = next
	return next.info, nil
}

// Delete implements bucket.Bucket.
func (b *Bucket) Delete(ctx context.Context, path string) error {
	if err := check(ctx, path); err != nil {
		return fmt.Errorf("delete object %q: %w", path, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.objects, path)
	return nil
}

// List implements bucket.Bucket.
func (b *Bucket) List(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list objects %q: %w", prefix, err)
	}
	paths := []string{}
	b.mu.RLock()
	for path := range b.objects {
		if strings.HasPrefix(path, prefix) && path > after {
			paths = append(paths, path)
		}
	}
	b.mu.RUnlock()
	slices.Sort(paths)
	return paths[:min(len(paths), max(limit, 0))], nil
}

func (b *Bucket) find(ctx context.Context, path string) (stored, error) {
	if err := check(ctx, path); err != nil {
		return stored{}, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	object, ok := b.objects[path]
	if !ok {
		return stored{}, bucket.ErrNotFound
	}
	return object, nil
}

func check(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return bucket.CheckPath(path)
}
