package subscribe

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestAListIsReadInItsOrderHoweverItIsNamed(t *testing.T) {
	for body, want := range map[string][]string{
		"c=a&c=b":                         {"a", "b"},
		"c[]=a&c[]=b":                     {"a", "b"},
		"c[1]=b&c[0]=a":                   {"a", "b"},
		"c[10]=k&c[2]=c&c[0]=a":           {"a", "c", "k"},
		"d=x&cc=x&c[=x&c]=x":              nil,
		`{"c":["a","b",null,3]}`:          {"a", "b", "3"},
		`{"c":{"1":"b","0":"a"},"d":"x"}`: {"a", "b"},
	} {
		values, err := decodeForm("", []byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if diff := cmp.Diff(want, list(values, "c")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestOfAMultipartFormTheFieldsAreRead(t *testing.T) {
	body := "--b\r\nContent-Disposition: form-data; name=\"c[]\"\r\n\r\na\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"c[]\"; filename=\"x\"\r\n\r\nfile\r\n--b--\r\n"
	values, err := decodeForm("multipart/form-data; boundary=b", []byte(body))
	if diff := cmp.Diff([]string{"a"}, list(values, "c")); err != nil || diff != "" {
		t.Errorf("got %v (-want +got):\n%s", err, diff)
	}
}

func FuzzDecodeForm(f *testing.F) {
	for _, c := range [][2]string{
		{"", "subscriber[email]=a@example.com&subscriber[component_ids][0]=x"},
		{"application/json", `{"subscriber":{"component_ids":["a"]}}`},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"},
		{"text/plain", "%"},
		{"application/json", `{"a":{"b":{"c":{"d":{"e":1}}}}}`},
		{"", "{"},
	} {
		f.Add(c[0], []byte(c[1]))
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		values, err := decodeForm(contentType, body)
		if err != nil {
			if statusOf(err) != 400 {
				t.Errorf("got %v, want a refusal of the form", err)
			}
			return
		}
		count := 0
		for name, of := range values {
			count += len(of)
			for _, value := range of {
				if !utf8.ValidString(name) || !utf8.ValidString(value) {
					t.Errorf("%q=%q is not UTF-8", name, value)
				}
			}
			if got := list(values, name); len(got) < len(of) {
				t.Errorf("list of %q: got %d, want %d or more", name, len(got), len(of))
			}
		}
		if count > maxFields {
			t.Errorf("got %d fields", count)
		}
	})
}
