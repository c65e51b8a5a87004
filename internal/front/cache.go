package front

import (
	"container/list"
	"strconv"
	"sync"

	"allclear/internal/bucket"
)

// page is one version of an object, ready to be sent: what was read once and compressed once. Slices
// are as http.Header takes them, and shared by all answers.
type page struct {
	path         string
	info         bucket.Info
	contentType  []string
	cacheControl []string // nil where the object has none
	varies       bool     // its bytes depend on Accept-Encoding
	variants     [encodings]variant
	cache        *cache
}

// variant is a page in one encoding.
type variant struct {
	once   sync.Once
	as     encoding
	body   []byte
	etag   []string
	length []string
}

// as gives the page in an encoding, or plain where that makes no sense.
func (p *page) as(as encoding) *variant {
	plain := &p.variants[identity]
	size := len(plain.body)
	if as == identity || !p.varies || size < minCompressed || size > maxCompressed || !p.cache.fits(size) {
		return plain
	}
	v := &p.variants[as]
	v.once.Do(func() {
		body, ok := compress(plain.body, as)
		if !ok {
			return
		}
		// A strong ETag promises equal bytes, so an encoded answer has the weak form, as CloudFront
		// makes it. If-None-Match compares weakly, so each form revalidates the other.
		v.fill(as, body, "W/"+p.info.ETag)
		p.cache.grow(p, len(body))
	})
	if v.as == identity {
		return plain
	}
	return v
}

func (v *variant) fill(as encoding, body []byte, etag string) {
	v.as, v.body = as, body
	v.etag, v.length = []string{etag}, []string{strconv.Itoa(len(body))}
}

// cache keeps pages up to a number of bytes; those not asked for lately go first.
type cache struct {
	limit int

	mu    sync.Mutex
	size  int
	pages map[string]*list.Element // of *kept, by path
	order list.List                // the last used first
}

type kept struct {
	page *page
	size int
}

// overhead is roughly what a page takes besides its bytes.
const overhead = 1_000

func newCache(limit int) *cache { return &cache{limit: limit, pages: make(map[string]*list.Element)} }

// fits reports whether a body is kept at all: one page must not drive out all others.
func (c *cache) fits(size int) bool { return size+overhead <= c.limit/4 }

func (c *cache) get(path string) *page {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.pages[path]
	if !ok {
		return nil
	}
	c.order.MoveToFront(element)
	return element.Value.(*kept).page
}

func (c *cache) put(p *page) {
	size := len(p.variants[identity].body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(p.path)
	if c.fits(size) {
		c.pages[p.path] = c.order.PushFront(&kept{page: p, size: size + overhead})
		c.resize(size + overhead)
	}
}

// grow adds to the size of a page, if it is still there.
func (c *cache) grow(p *page, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.pages[p.path]; ok && element.Value.(*kept).page == p {
		element.Value.(*kept).size += by
		c.resize(by)
	}
}

func (c *cache) drop(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(path)
}

func (c *cache) resize(by int) {
	for c.size += by; c.size > c.limit; {
		c.remove(c.order.Back().Value.(*kept).page.path)
	}
}

func (c *cache) remove(path string) {
	if element, ok := c.pages[path]; ok {
		c.size -= c.order.Remove(element).(*kept).size
		delete(c.pages, path)
	}
}
