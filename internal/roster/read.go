package roster

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"allclear/internal/status"
)

// MaxLine is the longest line of a list in bytes. A quote that is never closed makes the rest of a
// file one line, so without a bound it would be read into memory whole.
const MaxLine = 64 << 10

// bounded lets so many bytes through between two lines.
type bounded struct {
	source io.Reader
	budget int
}

var errLineTooLong = fmt.Errorf("is longer than %d bytes; is a quotation mark missing?", MaxLine)

func (b *bounded) Read(p []byte) (int, error) {
	if b.budget <= 0 {
		return 0, errLineTooLong
	}
	n, err := b.source.Read(p[:min(len(p), b.budget)])
	b.budget -= n
	return n, err
}

// reader reads the rows of a list.
type reader struct {
	csv   *csv.Reader
	bound *bounded
	at    map[column]int
	last  int // the line read last
}

// row is one line of a list.
type row struct {
	line  int
	cells map[column]string
	err   error // why it cannot be read; the next can
}

const byteOrderMark = "\xef\xbb\xbf"

// newReader reads the headings.
func newReader(source io.Reader) (*reader, error) {
	plain := bufio.NewReaderSize(source, 4096)
	if mark, err := plain.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		_, _ = plain.Discard(len(mark)) // it has just been seen
	}
	r := &reader{bound: &bounded{source: plain}, at: map[column]int{}, last: 1}
	r.csv = csv.NewReader(r.bound)
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	r.bound.budget = MaxLine
	headings, err := r.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, status.Invalidf("line 1", "must name the columns, such as type,address,component_ids,confirmed: the list is empty")
	case errors.Is(err, errLineTooLong):
		return nil, status.Invalidf("line 1", "%s", errLineTooLong)
	case err != nil:
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			return nil, status.Invalidf("line 1", "is not CSV: %s", parse.Err)
		}
		return nil, fmt.Errorf("read list: %w", err)
	}
	for i, h := range headings {
		c := column(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(h)), " ", "_"))
		if _, twice := r.at[c]; twice || !slices.Contains(columns(), c) {
			return nil, status.Invalidf("line 1", "has a column that is unknown or comes twice: %q", status.Cut(h, 100))
		}
		r.at[c] = i
	}
	_, address := r.at[columnAddress]
	_, email := r.at[columnEmail]
	_, endpoint := r.at[columnEndpoint]
	if !address && !email && !endpoint {
		return nil, status.Invalidf("line 1", "must have a column address, email or endpoint")
	}
	return r, nil
}

// next reads a row; io.EOF ends the list, any other error makes what follows unreadable.
func (r *reader) next() (row, error) {
	r.bound.budget = MaxLine
	record, err := r.csv.Read()
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) && !errors.Is(err, errLineTooLong) {
		r.last = parse.StartLine
		return row{line: parse.StartLine, err: fmt.Errorf("is not CSV: %w", parse.Err)}, nil
	}
	if errors.Is(err, errLineTooLong) {
		return row{}, status.Invalidf(fmt.Sprintf("line %d", r.last+1), "%s", errLineTooLong)
	}
	if err != nil {
		return row{}, err
	}
	line, _ := r.csv.FieldPos(0)
	r.last = line
	read := row{line: line, cells: map[column]string{}}
	if len(record) > len(r.at) {
		read.err = fmt.Errorf("has %d cells, and there are %d columns", len(record), len(r.at))
	}
	for c, i := range r.at {
		if i >= len(record) {
			continue
		}
		cell := strings.Clone(strings.TrimSpace(unguard(record[i])))
		if !utf8.ValidString(cell) {
			read.err = fmt.Errorf("is not UTF-8 in column %s", c)
		}
		read.cells[c] = cell
	}
	return read, nil
}
