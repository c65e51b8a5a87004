package bucket

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Reserved is the first segment that no object may have: adapters keep their own things there.
const Reserved = ".meta"

// Longest path, S3's bound, and longest segment, that of the usual file systems, in bytes. Every
// adapter holds to both, so that what can be published on a laptop can be published on AWS.
const (
	maxPath    = 1024
	maxSegment = 255
)

// ErrPath is what every method answers, wrapped, for a path that can name no object.
var ErrPath = errors.New("bucket: path cannot name an object")

// CheckPath returns an error that wraps ErrPath unless path can name an object: segments parted by
// single slashes, none of them "", "." or "..", in UTF-8 without control characters or backslashes,
// and not under Reserved.
func CheckPath(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("%w: longer than %d bytes", ErrPath, maxPath)
	}
	if !utf8.ValidString(path) || strings.ContainsFunc(path, forbidden) {
		return fmt.Errorf("%w: forbidden character in %q", ErrPath, path)
	}
	rest, more := path, true
	for first := true; more; first = false {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		switch {
		case segment == "" || segment == "." || segment == "..":
			return fmt.Errorf("%w: segment %q in %q", ErrPath, segment, path)
		case len(segment) > maxSegment:
			return fmt.Errorf("%w: segment longer than %d bytes", ErrPath, maxSegment)
		case first && segment == Reserved:
			return fmt.Errorf("%w: %q is reserved", ErrPath, path)
		}
	}
	return nil
}

// forbidden reports characters that file systems, URLs or logs would read as something else.
func forbidden(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }

// ETag is the entity tag of a body: its MD5 in hexadecimal, in quotes, as S3 gives it to an object
// put in one piece and not encrypted with a KMS key.
func ETag(body []byte) string {
	sum := md5.Sum(body)
	tag := make([]byte, 0, 2*md5.Size+2)
	tag = append(tag, '"')
	tag = hex.AppendEncode(tag, sum[:])
	return string(append(tag, '"'))
}

// Describe is the Info of an object.
func Describe(object Object) Info {
	return Info{
		ETag:         ETag(object.Body),
		Size:         int64(len(object.Body)),
		ContentType:  object.ContentType,
		CacheControl: object.CacheControl,
		Seq:          object.Seq,
	}
}

// Check returns ErrPrecondition unless the condition holds for an object whose ETag is etag, or ""
// for an absent one. A condition that could never hold is an error of its own.
func (c Condition) Check(etag string) error {
	switch {
	case c.Match != "" && c.Absent:
		return errors.New("bucket: a condition cannot ask for an ETag and for absence")
	case c.Match != "" && c.Match != etag, c.Absent && etag != "":
		return ErrPrecondition
	}
	return nil
}
