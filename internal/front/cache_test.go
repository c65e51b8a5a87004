package front

import (
	"fmt"
	"strings"
	"testing"

	"allclear/internal/bucket"
)

func TestTheCacheCountsEncodedBytesToo(t *testing.T) {
	c := newCache(100_000)
	for n := range 30 {
		p := &page{path: fmt.Sprint(n), info: bucket.Info{ETag: `"x"`}, varies: true, cache: c}
		var body strings.Builder
		for i := range 1500 {
			fmt.Fprintf(&body, "%d,", i*i*(n+7))
		}
		p.variants[identity].fill(identity, []byte(body.String()), p.info.ETag)
		c.put(p)
		p.as(gzipped)
		p.as(brotlied)
		bytes := 0
		for _, element := range c.pages {
			bytes += overhead
			page := element.Value.(*kept).page
			for i := range page.variants {
				bytes += len(page.variants[i].body)
			}
		}
		if bytes != c.size || bytes > c.limit {
			t.Fatalf("%d pages take %d bytes, counted as %d, of %d", len(c.pages), bytes, c.size, c.limit)
		}
	}
	if len(c.pages) == 0 || c.order.Len() != len(c.pages) {
		t.Errorf("%d pages in an order of %d", len(c.pages), c.order.Len())
	}
}
