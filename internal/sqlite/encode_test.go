package sqlite

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/table"
)

func TestStoredTextCanBeReadByAPerson(t *testing.T) {
	got := encode(table.Attributes{
		"name": "Größe <b>\"x\"</b>\n", "seq": int64(math.MaxInt64), "key": []byte("key\xff"), "gone": nil,
		"flags": []any{true, false, map[string]any{}}, "$odd": map[string]any{"$bytes": "text"}, "nul": "\x00",
	})
	want := `{"$$odd":{"$$bytes":"text"},"flags":[true,false,{}],"gone":null,"key":{"$bytes":"a2V5/w=="},` +
		`"name":"Größe <b>\"x\"</b>\n","nul":"\u0000","seq":9223372036854775807}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestTextThatAPersonEditedIsRead(t *testing.T) {
	got, err := decode([]byte(" {\n \"a\" : [ 1 , -2 ] ,\t\"b\":{ \"$bytes\" : \"AA==\" }, \"c\": \"\\u00fc\\ud83d\\udd25\\/\" , \"d\": { }, \"e\":[ ] }\n"))
	want := table.Attributes{"a": []any{int64(1), int64(-2)}, "b": []byte{0}, "c": "ü🔥/", "d": map[string]any{}, "e": []any{}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestTextThatIsNotAttributesIsRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "null", "[]", "1", `"x"`, "{", `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1}x`, `{"a" 1}`,
		`{a:1}`, `{"a":1.5}`, `{"a":1e3}`, `{"a":+1}`, `{"a":-}`, `{"a":01}`, `{"a":-+1}`, "{\"a\":\"\xff\"}", `{"a":9223372036854775808}`, `{"a":nul}`, `{"a":"x}`,
		`{"a":"\q"}`, "{\"a\":\"\n\"}", `{"a":[1 2]}`, `{"a":[1,]}`, `{"a":[`, `{"$a":1}`, `{"v":{"$bytes":"!"}}`,
		`{"v":{"$bytes":1}}`, `{"v":{"$bytes":"AA==","x":1}}`, `{"$bytes":"AA=="}`,
		`{"v":{"x":1,"$bytes":"AA=="}}`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		if got, err := decode([]byte(text)); err == nil {
			t.Errorf("%.40s: got %v, want an error", text, got)
		}
	}
}

// FuzzDecode holds the parser to what encoding/json says of the same text, and to its own encoder.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":[1,-2,{"$bytes":"AA=="}],"b":"\u0000ü\ud83d\udd25","c":null,"d":true,"e":false,"f":{"g":{}}}`,
		`{"$$a":{"$$bytes":"x"}}`, `{"a":1.5}`, `{"a":"\ud800"}`, ` { "a" : [ ] } `, `{"a":1,"a":2}`, `{"a":-0}`, `{"a":01}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decode(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Errorf("read %v from %q, which is not JSON", got, text)
		}
		written := encode(got)
		again, err := decode([]byte(written))
		if err != nil {
			t.Fatalf("%q was read as %v but not read again: %v", text, got, err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("%q (-first +again):\n%s", text, diff)
		}
		// encoding/json reads what encode wrote as the same, but for the forms of bytes and numbers.
		if !strings.Contains(written, escape) {
			var general map[string]any
			d := json.NewDecoder(strings.NewReader(written))
			d.UseNumber()
			if err := d.Decode(&general); err != nil {
				t.Fatalf("encode wrote %q: %v", written, err)
			}
			if diff := cmp.Diff(map[string]any(got), whole(general)); diff != "" {
				t.Errorf("%q (-own +encoding/json):\n%s", text, diff)
			}
		}
	})
}

// whole turns the numbers of encoding/json into int64.
func whole(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, _ := v.Int64()
		return n
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
		return v
	case map[string]any:
		for name := range v {
			v[name] = whole(v[name])
		}
		return v
	default:
		return v
	}
}
