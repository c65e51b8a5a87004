package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"

	"allclear/internal/bucket"
	"allclear/internal/page"
)

// assetPrefix is where the site's build puts files whose names carry a hash of their content.
const assetPrefix = "assets/"

// UploadSite puts the built site's files into a bucket: hashed assets if they are not there, and
// never deletes one, since old pages and stale caches still name them; other files each time they
// differ. Hidden files and HTML stay out: the page's HTML is rendered.
func UploadSite(ctx context.Context, b bucket.Bucket, site fs.FS) error {
	return fs.WalkDir(site, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read built site: %w", err)
		}
		if strings.HasPrefix(path.Base(name), ".") && name != "." {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() || strings.HasSuffix(name, ".html") {
			return nil
		}
		return uploadFile(ctx, b, site, name)
	})
}

func uploadFile(ctx context.Context, b bucket.Bucket, site fs.FS, name string) error {
	body, err := fs.ReadFile(site, name)
	if err != nil {
		return fmt.Errorf("read built site: %w", err)
	}
	object := bucket.Object{Body: body, ContentType: contentType(name), CacheControl: page.CacheShort}
	condition := bucket.Condition{}
	if strings.HasPrefix(name, assetPrefix) {
		object.CacheControl, condition.Absent = page.CacheForever, true
	}
	_, err = b.Put(ctx, name, object, condition)
	if err != nil && !errors.Is(err, bucket.ErrPrecondition) {
		return fmt.Errorf("put %s: %w", name, err)
	}
	return nil
}

// contentType does not ask the machine's own tables first: they differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".json", ".map":
		return "application/json"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
