package front

import (
	"bytes"
	"compress/gzip"
	"mime"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
)

type encoding int

const (
	identity encoding = iota
	gzipped
	brotlied
	encodings // how many there are
)

func (e encoding) String() string { return [...]string{"", "gzip", "br"}[e] }

// Sizes in bytes between which CloudFront compresses.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
const (
	minCompressed = 1_000
	maxCompressed = 10_000_000
)

// Levels at which the largest documents take a few milliseconds: they change with every incident.
const (
	gzipLevel    = 6
	brotliLevel  = 4
	brotliWindow = 18 // bits: 256 KB, no worse for our documents than 4 MB, in a quarter of the memory
)

// compressible reports the types that get smaller. Images, WOFF2 and archives are compressed already.
func compressible(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch kind {
	case "application/json", "application/javascript", "application/xml", "application/wasm",
		"application/vnd.ms-fontobject", "font/otf", "font/ttf", "image/bmp", "image/x-icon":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+xml") || strings.HasSuffix(kind, "+json")
}

// compress gives a body in an encoding, or false where that would not make it smaller.
func compress(body []byte, as encoding) ([]byte, bool) {
	var b bytes.Buffer
	b.Grow(len(body) / 4)
	var err error
	switch as {
	case identity, encodings:
		return nil, false
	case gzipped:
		w, levelErr := gzip.NewWriterLevel(&b, gzipLevel)
		if levelErr != nil {
			return nil, false
		}
		if _, err = w.Write(body); err == nil {
			err = w.Close()
		}
	case brotlied:
		w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: brotliLevel, LGWin: brotliWindow})
		if _, err = w.Write(body); err == nil {
			err = w.Close()
		}
	}
	if err != nil || b.Len() >= len(body) {
		return nil, false
	}
	return bytes.Clone(b.Bytes()), true // without the buffer's spare room: it is kept
}

// accepted chooses the encoding that a client likes best (RFC 9110, section 12.5.3), br among equals
// as CloudFront does. Where nothing is acceptable it is identity, which a server may always send.
func accepted(fields []string) encoding {
	if len(fields) == 0 {
		return identity
	}
	const unset = -1
	quality := [encodings]float64{unset, unset, unset}
	other := 0.0 // of what is not named, by "*"
	for _, field := range fields {
		for item := range strings.SplitSeq(field, ",") {
			name, parameters, _ := strings.Cut(item, ";")
			q := weight(parameters)
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "br"):
				quality[brotlied] = q
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				quality[gzipped] = q
			case strings.EqualFold(name, "identity"):
				quality[identity] = q
			case name == "*":
				other = q
			}
		}
	}
	best, most := identity, max(quality[identity], 0) // unnamed identity loses to anything named
	for _, e := range []encoding{gzipped, brotlied} {
		q := quality[e]
		if q == unset {
			q = other
		}
		if q > 0 && q >= most {
			best, most = e, q
		}
	}
	return best
}

// weight reads ";q=0.5"; what cannot be read is a refusal, so that nobody gets what he cannot decode.
func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
