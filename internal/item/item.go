// Package item turns structs into the attributes of a table's items and back, by their json tags:
// native values, so that the console, filters and streams of DynamoDB can be read by a person. It
// knows nothing of keys or of what the structs mean. The packages with access patterns
// (internal/store, internal/ledger) call it.
package item

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"allclear/internal/table"
)

// timeLayout is how times stand in items: UTC, milliseconds, readable.
const timeLayout = "2006-01-02T15:04:05.000Z"

var timeType = reflect.TypeFor[time.Time]()

// Encode turns a struct into attributes named by its json tags. It knows the kinds that the
// domain uses: strings, bools, whole numbers, times, and pointers, slices, string-keyed maps and
// structs of those. Another kind is a programming error and panics.
func Encode(v any) table.Attributes {
	return encodeStruct(reflect.ValueOf(v))
}

func encodeStruct(v reflect.Value) map[string]any {
	fields := fieldsOf(v.Type())
	m := make(map[string]any, len(fields))
	for _, f := range fields {
		fv := v.Field(f.index)
		if f.omitZero && fv.IsZero() || f.omitEmpty && isEmpty(fv) {
			continue
		}
		m[f.name] = encodeValue(fv)
	}
	return m
}

func isEmpty(v reflect.Value) bool {
	return (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0
}

func encodeValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int64:
		return v.Int()
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return encodeValue(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = encodeValue(v.Index(i))
		}
		return list
	case reflect.Map:
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = encodeValue(it.Value())
		}
		return m
	case reflect.Struct:
		if v.Type() == timeType {
			return v.Interface().(time.Time).UTC().Format(timeLayout)
		}
		return encodeStruct(v)
	default:
		panic("item: no encoding for " + v.Type().String())
	}
}

// Decode fills a struct from attributes. Attributes without a field are ignored, so that older
// programs can read newer items; fields without an attribute keep their zero value.
func Decode[T any](a table.Attributes) (T, error) {
	var v T
	err := decodeStruct(a, reflect.ValueOf(&v).Elem())
	return v, err
}

func decodeStruct(m map[string]any, v reflect.Value) error {
	for _, f := range fieldsOf(v.Type()) {
		a, ok := m[f.name]
		if !ok || a == nil {
			continue
		}
		if err := decodeValue(a, v.Field(f.index)); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

func decodeValue(a any, v reflect.Value) error {
	if v.Type() == timeType {
		s, ok := a.(string)
		if !ok {
			return mismatch(a, v)
		}
		t, err := time.Parse(timeLayout, s)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(t))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		s, ok := a.(string)
		if !ok {
			return mismatch(a, v)
		}
		v.SetString(s)
	case reflect.Bool:
		b, ok := a.(bool)
		if !ok {
			return mismatch(a, v)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, ok := a.(int64)
		if !ok {
			return mismatch(a, v)
		}
		v.SetInt(n)
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if err := decodeValue(a, p.Elem()); err != nil {
			return err
		}
		v.Set(p)
	case reflect.Slice:
		return decodeSlice(a, v)
	case reflect.Map:
		return decodeMap(a, v)
	case reflect.Struct:
		m, ok := a.(map[string]any)
		if !ok {
			return mismatch(a, v)
		}
		return decodeStruct(m, v)
	default:
		return mismatch(a, v)
	}
	return nil
}

func decodeSlice(a any, v reflect.Value) error {
	list, ok := a.([]any)
	if !ok {
		return mismatch(a, v)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
	for i, e := range list {
		if err := decodeValue(e, v.Index(i)); err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
	}
	return nil
}

func decodeMap(a any, v reflect.Value) error {
	m, ok := a.(map[string]any)
	if !ok {
		return mismatch(a, v)
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(m)))
	for name, e := range m {
		value := reflect.New(v.Type().Elem()).Elem()
		if err := decodeValue(e, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), value)
	}
	return nil
}

func mismatch(a any, v reflect.Value) error {
	return fmt.Errorf("is %T, want %s", a, v.Type())
}

type field struct {
	name      string
	index     int
	omitZero  bool // "omitempty" and "omitzero"
	omitEmpty bool // "omitempty"
}

// fieldsOf reads a type's json tags once.
func fieldsOf(t reflect.Type) []field {
	if known, ok := fieldCache.Load(t); ok {
		return known.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields = append(fields, field{name: name, index: i, omitZero: options == "omitempty" || options == "omitzero", omitEmpty: options == "omitempty"})
	}
	fieldCache.Store(t, fields)
	return fields
}

var fieldCache sync.Map // reflect.Type → []field; a memo of what the compiler knows anyway
