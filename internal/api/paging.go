package api

import (
	"errors"
	"strconv"
	"strings"

	"allclear/internal/status"
)

// maxPerPage is the default and the most that one answer lists; who asks for more gets this many,
// as on Statuspage.
const maxPerPage = 100

// window is the part of a list that a request asks for.
type window struct{ skip, size int }

// window reads page, counted from 1, and per_page, which incidents call limit.
func (c *call) window() (window, error) {
	number, err := c.number("page", 1)
	if err != nil {
		return window{}, err
	}
	size, err := c.number("per_page", maxPerPage)
	if err != nil {
		return window{}, err
	}
	limit, err := c.number("limit", maxPerPage)
	if err != nil {
		return window{}, err
	}
	switch {
	case size == 0:
		return window{}, status.Invalidf("per_page", "must be at least 1")
	case limit == 0:
		return window{}, status.Invalidf("limit", "must be at least 1")
	}
	size = min(size, limit, maxPerPage)
	return window{skip: (max(number, 1) - 1) * size, size: size}, nil // page 0 is the first, too
}

// number reads a whole number of the query that is not negative. Numbers beyond anything real
// are cut, so that no sum of them overflows.
func (c *call) number(name string, otherwise int) (int, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	if digits := strings.TrimLeft(text, "0123456789"); digits != "" {
		return 0, status.Invalidf(name, "must be a whole number that is not negative")
	}
	const most = 1_000_000
	n, err := strconv.Atoi(text)
	if errors.Is(err, strconv.ErrRange) {
		return most, nil
	}
	return min(n, most), err
}

// cut is the part of a list inside the window, never nil.
func cut[T any](list []T, w window) []T {
	from := min(w.skip, len(list))
	to := min(from+w.size, len(list))
	return append([]T{}, list[from:to]...)
}
