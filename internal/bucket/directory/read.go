package directory

import (
	"encoding/json"
	"fmt"
	pathpkg "path"

	"allclear/internal/bucket"
)

// sidecar is the JSON beside a body. The ETag says which body it belongs to.
type sidecar struct {
	ETag         string `json:"etag"`
	ContentType  string `json:"content_type"`
	CacheControl string `json:"cache_control"`
	Seq          int64  `json:"seq"`
}

func encode(info bucket.Info) []byte {
	text, err := json.Marshal(sidecar{
		ETag: info.ETag, ContentType: info.ContentType, CacheControl: info.CacheControl, Seq: info.Seq,
	})
	if err != nil {
		panic(fmt.Sprintf("encode sidecar: %v", err)) // strings and a number always encode
	}
	return append(text, '\n')
}

// info is what the index or the files say. The caller holds the lock of the path.
func (b *Bucket) info(path string) (bucket.Info, error) {
	if info, ok := b.index.get(path); ok {
		return info, nil
	}
	body, err := b.read(path)
	if err != nil {
		return bucket.Info{}, err
	}
	return b.describe(path, body), nil
}

// describe reads the sidecar of a body, and remembers the result. The body is what counts: one
// without a fitting sidecar keeps the headers that it had, if any, as version 0, so that the next
// publish replaces it.
func (b *Bucket) describe(path string, body []byte) bucket.Info {
	var side sidecar
	text, err := b.root.ReadFile(pathpkg.Join(sidecars, path))
	if err != nil || json.Unmarshal(text, &side) != nil {
		side = sidecar{}
	}
	info := bucket.Describe(bucket.Object{
		Body: body, ContentType: side.ContentType, CacheControl: side.CacheControl, Seq: side.Seq,
	})
	if side.ETag != info.ETag {
		info.Seq = 0
	}
	b.index.put(path, info)
	return info
}

// read gives the body of an object, or ErrNotFound.
func (b *Bucket) read(path string) ([]byte, error) {
	if err := b.regular(path); err != nil {
		return nil, err
	}
	body, err := b.root.ReadFile(path)
	if absent(err) {
		return nil, bucket.ErrNotFound
	}
	return body, err
}

// regular answers ErrNotFound unless there is a plain file: folders and symbolic links are no objects.
func (b *Bucket) regular(path string) error {
	switch stat, err := b.root.Lstat(path); {
	case absent(err), err == nil && !stat.Mode().IsRegular():
		return bucket.ErrNotFound
	default:
		return err
	}
}
