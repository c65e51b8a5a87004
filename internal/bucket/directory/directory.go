// Package directory is a bucket in a folder: every object is a plain file that any web server could
// serve, and what HTTP needs besides the bytes stands in a sidecar under .meta. Writes are atomic
// renames without fsync: a publisher repairs from the database what a power cut took.
//
// One process owns the folder while a Bucket is open on it; what others change there is not seen.
package directory

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	pathpkg "path"
	"sync"
	"sync/atomic"
	"syscall"

	"allclear/internal/bucket"
)

const (
	sidecars = bucket.Reserved + "/info" // the sidecar of x/y is .meta/info/x/y
	unnamed  = bucket.Reserved + "/tmp"  // bodies on their way to their names
)

var errFileAndFolder = errors.New("a path cannot be both an object and a folder of objects here")

// Bucket is safe for concurrent use; open one with Open.
type Bucket struct {
	root  *os.Root
	seed  maphash.Seed
	locks [64]sync.RWMutex // by hash of path: held while a body and its sidecar are read or written
	index index
	temps atomic.Uint64
}

var _ bucket.Bucket = (*Bucket)(nil)

// Open makes the folder where it is missing and removes what a killed process left half-written.
// It reads no object, so it is as quick on a large bucket as on an empty one.
func Open(dir string) (*Bucket, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	// A Root answers with an error where a name or a symbolic link would lead out of the folder.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	err = errors.Join(root.RemoveAll(unnamed), root.MkdirAll(unnamed, 0o755), root.MkdirAll(sidecars, 0o755))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open bucket %q: %w", dir, err), root.Close())
	}
	return &Bucket{root: root, seed: maphash.MakeSeed(), index: newIndex(indexLimit)}, nil
}

// Close lets go of the folder. Nothing is waiting to be written.
func (b *Bucket) Close() error { return b.root.Close() }

// Head implements bucket.Bucket. What was asked for before is answered from memory.
func (b *Bucket) Head(ctx context.Context, path string) (bucket.Info, error) {
	if err := check(ctx, path); err != nil {
		return bucket.Info{}, fmt.Errorf("head object %q: %w", path, err)
	}
	if info, ok := b.index.get(path); ok {
		return info, nil
	}
	lock := b.lock(path)
	lock.RLock()
	defer lock.RUnlock()
	info, err := b.info(path)
	if err != nil {
		return bucket.Info{}, fmt.Errorf("head object %q: %w", path, err)
	}
	return info, nil
}

// Get implements bucket.Bucket.
func (b *Bucket) Get(ctx context.Context, path string) (bucket.Object, bucket.Info, error) {
	if err := check(ctx, path); err != nil {
		return bucket.Object{}, bucket.Info{}, fmt.Errorf("get object %q: %w", path, err)
	}
	lock := b.lock(path)
	lock.RLock()
	defer lock.RUnlock()
	body, err := b.read(path)
	if err != nil {
		return bucket.Object{}, bucket.Info{}, fmt.Errorf("get object %q: %w", path, err)
	}
	info, ok := b.index.get(path)
	if !ok {
		info = b.describe(path, body)
	}
	return bucket.Object{
		Body:         body,
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
	info := bucket.Describe(object)
	lock := b.lock(path)
	lock.Lock()
	defer lock.Unlock()
	err := b.permit(path, condition)
	if err == nil {
		err = b.write(path, object.Body, info)
	}
	if err != nil {
		return bucket.Info{}, fmt.Errorf("put object %q: %w", path, err)
	}
	return info, nil
}

// permit returns nil where the condition holds. The caller holds the lock of the path.
func (b *Bucket) permit(path string, condition bucket.Condition) error {
	if condition == (bucket.Condition{}) {
		return nil
	}
	info, err := b.info(path)
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return err
	}
	return condition.Check(info.ETag)
}

// write puts the body in its place and then its sidecar, so that a process killed between the two
// leaves a sidecar that does not fit, which counts as version 0 and is published again.
func (b *Bucket) write(path string, body []byte, info bucket.Info) error {
	temp := fmt.Sprintf("%s/%d-%d", unnamed, os.Getpid(), b.temps.Add(1))
	if err := b.root.WriteFile(temp, body, 0o644); err != nil {
		return errors.Join(err, ignoreAbsent(b.root.Remove(temp)))
	}
	b.index.drop(path) // until both are written
	err := b.inFolder(path, func() error { return b.root.Rename(temp, path) })
	if err != nil {
		return errors.Join(explain(err), ignoreAbsent(b.root.Remove(temp)))
	}
	name := pathpkg.Join(sidecars, path)
	if err := b.inFolder(name, func() error { return b.overwrite(name, encode(info)) }); err != nil {
		return fmt.Errorf("write sidecar: %w", explain(err))
	}
	b.index.put(path, info)
	return nil
}

// overwrite writes a sidecar in place. It needs no rename, since a torn sidecar does not fit its
// body, and it cuts only what is too long, since ext4 allocates the blocks of a file that was emptied
// or renamed at once, which costs fifty times as much.
func (b *Bucket) overwrite(name string, text []byte) error {
	file, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(text, 0)
	return errors.Join(err, file.Truncate(int64(len(text))), file.Close())
}

// inFolder does something that needs the folder of name, and makes it only where it is missing:
// nearly always it is there.
func (b *Bucket) inFolder(name string, do func() error) error {
	err := do()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := b.root.MkdirAll(pathpkg.Dir(name), 0o755); err != nil {
		return err
	}
	return do()
}

// Delete implements bucket.Bucket. The body goes first: without it, a sidecar means nothing.
func (b *Bucket) Delete(ctx context.Context, path string) error {
	if err := check(ctx, path); err != nil {
		return fmt.Errorf("delete object %q: %w", path, err)
	}
	lock := b.lock(path)
	lock.Lock()
	defer lock.Unlock()
	if err := b.regular(path); err != nil {
		if errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		return fmt.Errorf("delete object %q: %w", path, err)
	}
	b.index.drop(path)
	err := errors.Join(
		ignoreAbsent(b.root.Remove(path)),
		ignoreAbsent(b.root.Remove(pathpkg.Join(sidecars, path))))
	if err != nil {
		return fmt.Errorf("delete object %q: %w", path, err)
	}
	return nil
}

func (b *Bucket) lock(path string) *sync.RWMutex {
	return &b.locks[maphash.String(b.seed, path)%uint64(len(b.locks))]
}

func check(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return bucket.CheckPath(path)
}

// absent reports the ways in which a file system says that there is no such file: also that
// something above the path is a file.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func ignoreAbsent(err error) error {
	if absent(err) {
		return nil
	}
	return err
}

// explain says what the bare errors of a file system would leave a reader to guess.
func explain(err error) error {
	for _, number := range []error{syscall.ENOTDIR, syscall.EISDIR, syscall.EEXIST, syscall.ENOTEMPTY} {
		if errors.Is(err, number) {
			return fmt.Errorf("%w: %w", errFileAndFolder, err)
		}
	}
	return err
}
