package roster

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"allclear/internal/status"
)

// MaxLine is the longest line of a list in bytes.
const MaxLine = 64 << 10

var errLineTooLong = fmt.Errorf("is longer than %d bytes", MaxLine)

// reader reads the rows of a list. Each is one line, also between quotation marks: a mark that is
// never closed costs its own line, and not all that come after it. No cell needs a line break.
type reader struct {
	source *bufio.Reader
	comma  rune
	at     map[column]int
	last   int // the line read last
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
	r := &reader{source: bufio.NewReaderSize(source, MaxLine), at: map[column]int{}}
	line, err := r.line()
	switch {
	case errors.Is(err, io.EOF):
		return nil, status.Invalidf("line 1", "must name the columns, such as type,address,component_ids,confirmed: the list is empty")
	case errors.Is(err, errLineTooLong):
		return nil, status.Invalidf("line 1", "%s", err)
	case err != nil:
		return nil, fmt.Errorf("read list: %w", err)
	case bytes.HasPrefix(line, []byte("\xff\xfe")), bytes.HasPrefix(line, []byte("\xfe\xff")):
		return nil, status.Invalidf("line 1", "is UTF-16: save the list as CSV in UTF-8")
	}
	line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	r.comma = commaOf(line)
	headings, err := r.split(line)
	if err != nil {
		return nil, status.Invalidf("line 1", "is not CSV: %s", err)
	}
	for i, h := range headings {
		c := column(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(h)), " ", "_"))
		if _, twice := r.at[c]; twice || !slices.Contains(columns(), c) {
			return nil, status.Invalidf("line 1", "has a column that is unknown or comes twice: %q; it must name columns, such as type,address,component_ids,confirmed", status.Cut(h, 100))
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

// commaOf is what stands between the headings: where the comma is in numbers, spreadsheets write
// semicolons.
func commaOf(headings []byte) rune {
	for _, c := range ",;\t" {
		if bytes.ContainsRune(headings, c) {
			return c
		}
	}
	return ','
}

// line reads the next line that is not blank. It is good until the next call. errLineTooLong is of
// that line only; io.EOF is the end.
func (r *reader) line() ([]byte, error) {
	for {
		line, err := r.source.ReadSlice('\n')
		if len(line) == 0 && err != nil {
			return nil, err
		}
		r.last++
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.source.ReadSlice('\n')
			}
			return nil, errLineTooLong
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			return line, nil
		}
	}
}

// split reads the cells of a line.
func (r *reader) split(line []byte) ([]string, error) {
	cells := csv.NewReader(bytes.NewReader(line))
	cells.Comma = r.comma
	record, err := cells.Read()
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return nil, parse.Err
	}
	return record, err
}

// next reads a row; io.EOF ends the list, any other error makes what follows unreadable.
func (r *reader) next() (row, error) {
	line, err := r.line()
	if errors.Is(err, errLineTooLong) {
		return row{line: r.last, err: err}, nil
	}
	if err != nil {
		return row{}, err
	}
	read := row{line: r.last, cells: map[column]string{}}
	record, err := r.split(line)
	if err != nil {
		read.err = fmt.Errorf("is not CSV: %w", err)
		return read, nil
	}
	if len(record) > len(r.at) {
		read.err = fmt.Errorf("has %d cells, and there are %d columns", len(record), len(r.at))
	}
	for c, i := range r.at {
		if i >= len(record) {
			continue
		}
		cell := strings.TrimSpace(unguard(record[i]))
		if !utf8.ValidString(cell) {
			read.err = fmt.Errorf("is not UTF-8 in column %s", c)
		}
		read.cells[c] = cell
	}
	return read, nil
}
