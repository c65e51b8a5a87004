package directory

import (
	"sync"

	"allclear/internal/bucket"
)

// indexLimit bounds the memory of the index to about 5 MB; a page with years of history has more
// objects than are ever asked for at a time.
const indexLimit = 16_384

// index remembers the Infos of objects that were read or written. An entry is true as long as it is
// there; a missing one costs a read of the file.
type index struct {
	mu      sync.RWMutex
	limit   int
	infos   map[string]bucket.Info
	strings map[string]string // the few distinct headers, so that equal ones are kept once
}

func newIndex(limit int) index {
	return index{limit: limit, infos: make(map[string]bucket.Info), strings: make(map[string]string)}
}

func (i *index) get(path string) (bucket.Info, bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	info, ok := i.infos[path]
	return info, ok
}

func (i *index) put(path string, info bucket.Info) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, known := i.infos[path]; !known && len(i.infos) >= i.limit {
		for other := range i.infos { // any: the map's own order is as good as a random one
			delete(i.infos, other)
			break
		}
	}
	info.ContentType, info.CacheControl = i.intern(info.ContentType), i.intern(info.CacheControl)
	i.infos[path] = info
}

func (i *index) intern(text string) string {
	if same, ok := i.strings[text]; ok {
		return same
	}
	if len(i.strings) < 256 {
		i.strings[text] = text
	}
	return text
}

func (i *index) drop(path string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.infos, path)
}
