package front

import (
	"net/url"
	"strings"

	"allclear/internal/bucket"
)

const (
	folderIndex  = "index.html"
	extension    = ".html"
	notFoundPage = "404.html"
	wellKnown    = ".well-known" // RFC 8615; every other name that starts with a dot is hidden
)

// resolve gives the address that was asked for without doubled slashes, as clients that join paths
// carelessly send them. It reports false for one that is no address of a page: one that climbs, hides a
// slash in an escape, or names something hidden.
func resolve(u *url.URL) (address string, ok bool) {
	address = u.Path
	if !strings.HasPrefix(address, "/") || escapesSlash(u.RawPath) {
		return address, false
	}
	if strings.Contains(address, "//") {
		address = single(address)
	}
	// What bucket.CheckPath refuses names no object. An address may end with a slash; it is a folder's.
	path := strings.TrimSuffix(address[1:], "/")
	if path == "" {
		return address, true
	}
	return address, !hidden(path) && bucket.CheckPath(path) == nil
}

// escapesSlash reports "%2f" and "%5c": two readers of such an address may see different folders in it.
// RawPath is empty unless the address was escaped in an unusual way.
func escapesSlash(raw string) bool {
	for i := 0; i+2 < len(raw); i++ {
		if raw[i] == '%' && (strings.EqualFold(raw[i+1:i+3], "2f") || strings.EqualFold(raw[i+1:i+3], "5c")) {
			return true
		}
	}
	return false
}

func single(address string) string {
	var b strings.Builder
	for i := range len(address) {
		if address[i] != '/' || i == 0 || address[i-1] != '/' {
			b.WriteByte(address[i])
		}
	}
	return b.String()
}

// hidden reports a segment that starts with a dot, but for /.well-known.
func hidden(path string) bool {
	if rest, ok := strings.CutPrefix(path, wellKnown+"/"); ok {
		path = rest
	}
	return strings.HasPrefix(path, ".") || strings.Contains(path, "/.")
}

// candidates are the objects that an address may mean, the first that exists counts: the object
// itself, the index of a folder, or the page without its extension. The second is "" mostly.
func candidates(address string) (first, second string) {
	path := address[1:]
	switch {
	case path == "" || strings.HasSuffix(path, "/"):
		return path + folderIndex, ""
	case strings.Contains(path[strings.LastIndexByte(path, '/')+1:], "."):
		return path, ""
	default:
		return path, path + extension
	}
}
