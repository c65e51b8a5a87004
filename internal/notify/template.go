package notify

import (
	"fmt"
	"strconv"
	"strings"
)

// The words of mails are written in a small part of the language of text/template, which is not
// used: it finds methods by their names at run time (internal/html/escape.go). There are
//
//	{{.Name}} {{.Latest.Label}}                                a text or a number
//	{{if .More}} {{else if eq .More 1}} {{else}} {{end}}       what is true, not 0, not empty, or this number
//	{{range .Changes}} {{end}}                                 once for each; the fields are those of the one
//	{{template "update" .Latest}} {{template "components" .}}  a part, with its fields
//
// and in the file of parts {{define "update"}} {{end}}, before a part is used. parse.go reads it.

// record is what fills a template or a part.
type record interface {
	// field is a text, tone, string, int, bool, record or list; nil if there is none of this name.
	field(name string) any
}

// list is several records in a record.
type list[T record] []T

// series is a list of whatever records.
type series interface {
	records() []record
	empty() record // what all of them are like
}

func (l list[T]) records() []record {
	records := make([]record, len(l))
	for n, r := range l {
		records[n] = r
	}
	return records
}

func (list[T]) empty() record {
	var r T
	return r
}

// template is a text with places to fill, piece by piece.
type template []func(*filling, record)

// filling is a template that is being filled.
type filling struct {
	out strings.Builder
	// everything is written, whatever the conditions, each list with one empty record.
	everything bool
	err        error
}

// fill is the whole text.
func (t template) fill(r record) (string, error) {
	var f filling
	f.write(t, r)
	return f.out.String(), f.err
}

// check tells whether the template asks for something that such a record does not have.
func (t template) check(r record) error {
	f := filling{everything: true}
	f.write(t, r)
	return f.err
}

func (f *filling) write(t template, r record) {
	for _, piece := range t {
		piece(f, r)
	}
}

func (f *filling) fail(of path, problem string) {
	if f.err == nil {
		f.err = fmt.Errorf("%s %s", of, problem)
	}
}

func literal(s string) func(*filling, record) {
	return func(f *filling, _ record) { f.out.WriteString(s) }
}

// place is where a field is written.
func place(of path) func(*filling, record) {
	return func(f *filling, r record) {
		switch v := of.in(r).(type) {
		case text:
			f.out.WriteString(v.String())
		case tone:
			f.out.WriteString(string(v))
		case string:
			f.out.WriteString(v)
		case int:
			f.out.WriteString(strconv.Itoa(v))
		default:
			f.fail(of, "is no text or number")
		}
	}
}

// choice is an if; a further one is what it has otherwise.
func choice(asked condition, then, otherwise template) func(*filling, record) {
	return func(f *filling, r record) {
		holds, ok := asked.holds(r)
		if !ok {
			f.fail(asked.of, "is nothing to ask for")
		}
		if holds || f.everything {
			f.write(then, r)
		}
		if !holds || f.everything {
			f.write(otherwise, r)
		}
	}
}

// loop is a range.
func loop(over path, body template) func(*filling, record) {
	return func(f *filling, r record) {
		items, ok := over.in(r).(series)
		switch {
		case !ok:
			f.fail(over, "is no list")
		case f.everything:
			f.write(body, items.empty())
		default:
			for _, item := range items.records() {
				f.write(body, item)
			}
		}
	}
}

// inclusion is a part that stands here.
func inclusion(part template, with path) func(*filling, record) {
	return func(f *filling, r record) {
		if inner, ok := with.in(r).(record); ok {
			f.write(part, inner)
		} else {
			f.fail(with, "has no fields")
		}
	}
}

// path leads from a record to one of its fields: "." is the record, ".Latest.Label" a field of one.
type path string

func (p path) in(r record) any {
	var value any = r
	if p == "." {
		return value
	}
	for name := range strings.SplitSeq(string(p[1:]), ".") {
		inner, ok := value.(record)
		if !ok {
			return nil
		}
		value = inner.field(name)
	}
	return value
}

// condition is what an if asks: whether a field has something, or whether it is a number.
type condition struct {
	of     path
	equals bool
	number int
}

// holds is not ok where the field cannot be asked that.
func (c condition) holds(r record) (holds, ok bool) {
	switch v := c.of.in(r).(type) {
	case int:
		return c.equals == (v == c.number), true // number is 0 unless equals
	case bool:
		return v, !c.equals
	case series:
		return len(v.records()) > 0, !c.equals
	}
	return false, false
}
