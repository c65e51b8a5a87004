package front

import "strings"

// noneMatch reports whether If-None-Match names the stored ETag, compared weakly, so that a GET is
// answered with 304 (RFC 9110, section 13.1.2). What cannot be read matches nothing.
func noneMatch(fields []string, etag string) bool {
	for _, rest := range fields {
		for {
			rest = strings.TrimLeft(rest, " \t,")
			if rest == "" {
				break
			}
			if rest[0] == '*' {
				return true
			}
			tag, after, ok := nextTag(rest)
			if !ok {
				break
			}
			if tag == etag {
				return true
			}
			rest = after
		}
	}
	return false
}

// nextTag takes one entity tag, which may contain commas, from the beginning of a list; without its W/.
func nextTag(list string) (tag, rest string, ok bool) {
	list = strings.TrimPrefix(list, "W/")
	if !strings.HasPrefix(list, `"`) {
		return "", "", false
	}
	end := strings.IndexByte(list[1:], '"')
	if end < 0 {
		return "", "", false
	}
	return list[:end+2], list[end+2:], true
}
