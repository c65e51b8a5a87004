// Package front serves a bucket over HTTP as the CDN does on AWS: the objects' own headers, ETags and
// 304, compression, CORS and security headers, addresses without ".html", real 404s. It answers GET
// and HEAD, writes nothing, and shows no name that starts with a dot.
//
// Wrap it in no http.ServeMux: that redirects "//" before the front can answer it.
package front

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"time"

	"golang.org/x/sync/singleflight"

	"allclear/internal/bucket"
)

// Objects is what the front reads from: any bucket.Bucket.
type Objects interface {
	Head(ctx context.Context, path string) (bucket.Info, error)
	Get(ctx context.Context, path string) (bucket.Object, bucket.Info, error)
}

// Options of a front; the zero value is a good one.
type Options struct {
	HTTPS      bool         // the page is served over HTTPS: adds Strict-Transport-Security
	CacheBytes int          // of bodies kept in memory; 0 is 32 MB
	Logger     *slog.Logger // nil is slog.Default()
}

// Front is the handler that New makes. Every answer is as new as the bucket's Head says.
type Front struct {
	objects    Objects
	behaviours []behaviour
	cache      *cache
	loading    singleflight.Group
	logger     *slog.Logger
}

const defaultCacheBytes = 32 << 20

// New returns a handler that serves what is in a bucket.
func New(objects Objects, options Options) *Front {
	if options.CacheBytes <= 0 {
		options.CacheBytes = defaultCacheBytes
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	return &Front{
		objects:    objects,
		behaviours: ready(Behaviours(), options.HTTPS),
		cache:      newCache(options.CacheBytes),
		logger:     options.Logger,
	}
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	address, ok := resolve(r.URL)
	b := f.behaviourOf(address)
	header := w.Header()
	for _, h := range b.headers {
		header[h.name] = h.value
	}
	switch {
	case r.Method == http.MethodOptions && b.cors:
		preflight(w)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		methodNotAllowed(w, r, address, b.cors)
		return
	case !ok:
		f.notFound(w, r, address)
		return
	}
	switch p, err := f.find(r.Context(), address); {
	case errors.Is(err, bucket.ErrNotFound):
		f.notFound(w, r, address)
	case err != nil:
		f.unavailable(w, r, address, err)
	default:
		p.serve(w, r)
	}
}

// find gives what an address means, in its newest version.
func (f *Front) find(ctx context.Context, address string) (*page, error) {
	first, second := candidates(address)
	p, err := f.load(ctx, first)
	if errors.Is(err, bucket.ErrNotFound) && second != "" {
		p, err = f.load(ctx, second)
	}
	return p, err
}

// load gives an object from memory if that is what the bucket has, else reads it. While the bucket
// cannot answer, what is in memory is better than nothing: the page shows its own age.
func (f *Front) load(ctx context.Context, path string) (*page, error) {
	info, err := f.objects.Head(ctx, path)
	known := f.cache.get(path)
	switch {
	case errors.Is(err, bucket.ErrNotFound), errors.Is(err, bucket.ErrPath):
		f.cache.drop(path)
		return nil, bucket.ErrNotFound
	case err != nil && known != nil:
		f.logger.WarnContext(ctx, "served from memory", "error", err)
		return known, nil
	case err != nil:
		return nil, err
	case known != nil && known.info == info:
		return known, nil
	}
	// Everyone who waits for the same version shares one read, and nobody's leaving ends it.
	loaded, err, _ := f.loading.Do(path+" "+info.ETag, func() (any, error) {
		return f.read(context.WithoutCancel(ctx), path)
	})
	if err != nil {
		return nil, err
	}
	return loaded.(*page), nil
}

func (f *Front) read(ctx context.Context, path string) (*page, error) {
	object, info, err := f.objects.Get(ctx, path)
	if err != nil {
		return nil, err
	}
	kind := typeOf(path, info.ContentType)
	p := &page{path: path, info: info, contentType: []string{kind}, varies: compressible(kind), cache: f.cache}
	if info.CacheControl != "" {
		p.cacheControl = []string{info.CacheControl}
	}
	p.variants[identity].fill(identity, object.Body, info.ETag)
	f.cache.put(p)
	return p, nil
}

// typeOf is the stored type, or a guess for a file that was put into the folder by hand. Without one
// a browser would download even a page, since it is told not to sniff.
func typeOf(name, stored string) string {
	if stored != "" {
		return stored
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// serve answers a GET or HEAD of an object that exists.
func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	p.describe(header)
	header["Accept-Ranges"] = []string{"bytes"}
	// Parts are of the plain bytes. http.ServeContent knows the rest of RFC 9110, sections 13 and 14.
	if r.Method == http.MethodGet && r.Header["Range"] != nil || r.Header["If-Match"] != nil {
		plain := p.as(identity)
		header["Etag"] = plain.etag
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(plain.body))
		return
	}
	v := p.as(accepted(r.Header["Accept-Encoding"]))
	header["Etag"] = v.etag
	if fields := r.Header["If-None-Match"]; fields != nil && noneMatch(fields, p.info.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	v.send(w, r, http.StatusOK)
}

// describe sets the headers that all answers with this object have.
func (p *page) describe(header http.Header) {
	header["Content-Type"] = p.contentType
	if p.cacheControl != nil {
		header["Cache-Control"] = p.cacheControl
	}
	if p.varies {
		header["Vary"] = []string{"Accept-Encoding"}
	}
}

func (v *variant) send(w http.ResponseWriter, r *http.Request, status int) {
	header := w.Header()
	header["Content-Length"] = v.length
	if v.as != identity {
		header["Content-Encoding"] = []string{v.as.String()}
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(v.body) // the client is gone: nobody is left to be told
	}
}
