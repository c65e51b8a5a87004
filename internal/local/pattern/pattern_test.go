package pattern_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"allclear/internal/local/pattern"
)

func compile(t *testing.T, text string) pattern.Pattern {
	t.Helper()
	p, err := pattern.Compile([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// instance is the event that the documentation's examples are about.
const instance = `{
	"version": "0", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2",
	"time": "2017-10-02T16:24:49Z", "region": "us-east-1",
	"resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000"],
	"detail": {"c-count": 5, "d-count": 3, "x-limit": 301.8, "state": "running", "empty": "", "none": null, "on": true}
}`

func TestTheOperatorsOfTheDocumentation(t *testing.T) {
	for text, want := range map[string]bool{
		`{"source": ["aws.ec2"]}`:           true,
		`{"source": ["aws.s3"]}`:            false,
		`{"source": ["aws.s3", "aws.ec2"]}`: true,
		`{"source": ["AWS.ec2"]}`:           false,
		`{"resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000"]}`:                          true,
		`{"source": ["aws.ec2"], "detail": {"state": ["initializing", "running"]}}`:                                   true,
		`{"source": ["aws.ec2"], "detail": {"state": ["stopped"]}}`:                                                   false,
		`{"detail": {"c-count": [5]}}`:                                                                                true,
		`{"detail": {"c-count": [5.0]}}`:                                                                              false,
		`{"detail": {"c-count": ["5"]}}`:                                                                              false,
		`{"detail": {"on": [true]}}`:                                                                                  true,
		`{"detail": {"on": ["true"]}}`:                                                                                false,
		`{"detail": {"none": [null]}}`:                                                                                true,
		`{"detail": {"state": [null]}}`:                                                                               false,
		`{"detail": {"missing": [null]}}`:                                                                             false,
		`{"detail": {"empty": [""]}}`:                                                                                 true,
		`{"time": [{"prefix": "2017-10-02"}]}`:                                                                        true,
		`{"time": [{"prefix": "2018"}]}`:                                                                              false,
		`{"detail": {"c-count": [{"prefix": "5"}]}}`:                                                                  false,
		`{"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}`:                                                    true,
		`{"source": [{"suffix": "ec2"}]}`:                                                                             true,
		`{"source": [{"suffix": "s3"}]}`:                                                                              false,
		`{"source": [{"suffix": {"equals-ignore-case": "EC2"}}]}`:                                                     true,
		`{"source": [{"equals-ignore-case": "AWS.EC2"}]}`:                                                             true,
		`{"source": [{"equals-ignore-case": "EC2"}]}`:                                                                 false,
		`{"detail": {"state": [{"anything-but": "initializing"}]}}`:                                                   true,
		`{"detail": {"state": [{"anything-but": "running"}]}}`:                                                        false,
		`{"detail": {"state": [{"anything-but": ["stopped", "overloaded"]}]}}`:                                        true,
		`{"detail": {"state": [{"anything-but": ["stopped", "running"]}]}}`:                                           false,
		`{"detail": {"c-count": [{"anything-but": 123}]}}`:                                                            true,
		`{"detail": {"c-count": [{"anything-but": [5, 6]}]}}`:                                                         false,
		`{"detail": {"state": [{"anything-but": {"prefix": "init"}}]}}`:                                               true,
		`{"detail": {"state": [{"anything-but": {"prefix": ["init", "run"]}}]}}`:                                      false,
		`{"detail": {"state": [{"anything-but": {"suffix": "ing"}}]}}`:                                                false,
		`{"detail": {"state": [{"anything-but": {"equals-ignore-case": "RUNNING"}}]}}`:                                false,
		`{"detail": {"missing": [{"anything-but": "x"}]}}`:                                                            false,
		`{"detail": {"c-count": [{"numeric": [">", 0, "<=", 5]}]}}`:                                                   true,
		`{"detail": {"c-count": [{"numeric": [">", 0, "<", 5]}]}}`:                                                    false,
		`{"detail": {"d-count": [{"numeric": ["<", 10]}]}}`:                                                           true,
		`{"detail": {"x-limit": [{"numeric": ["=", 3.018e2]}]}}`:                                                      true,
		`{"detail": {"x-limit": [{"numeric": [">=", 302]}]}}`:                                                         false,
		`{"detail": {"state": [{"numeric": [">", 0]}]}}`:                                                              false,
		`{"detail": {"c-count": [{"exists": true}]}}`:                                                                 true,
		`{"detail": {"c-count": [{"exists": false}]}}`:                                                                false,
		`{"detail": {"none": [{"exists": true}]}}`:                                                                    true,
		`{"detail": {"missing": [{"exists": false}]}}`:                                                                true,
		`{"missing": {"missing": [{"exists": false}]}}`:                                                               true,
		`{"detail": [{"exists": true}]}`:                                                                              false,
		`{"detail": [{"exists": false}]}`:                                                                             true,
		`{"detail": {"missing": ["a", {"exists": false}]}}`:                                                           true,
		`{"source": {"deeper": ["x"]}}`:                                                                               false,
		`{"source": ["aws.ec2"], "$or": [{"region": ["eu"]}, {"detail": {"state": ["running"]}}]}`:                    true,
		`{"source": ["aws.ec2"], "$or": [{"region": ["eu"]}, {"detail": {"state": ["stopped"]}}]}`:                    false,
		`{"source": ["aws.s3"], "$or": [{"region": ["us-east-1"]}, {"region": ["eu"]}]}`:                              false,
		`{"detail": {"$or": [{"c-count": [{"numeric": [">", 10]}]}, {"d-count": [3], "on": [true]}]}}`:                true,
		`{"detail": {"$or": [{"c-count": [6]}, {"d-count": [3], "$or": [{"on": [false]}, {"state": ["running"]}]}]}}`: true,
		`{"time": [{"prefix": "2017-10-02"}], "detail": {"state": [{"anything-but": "initializing"}],
			"c-count": [{"numeric": [">", 0, "<=", 5]}], "d-count": [{"numeric": ["<", 10]}],
			"x-limit": [{"anything-but": [100, 200, 300]}]}}`: true,
	} {
		if got := compile(t, text).Match(decoded(t, instance)); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestExistsLooksAtLeavesOnly(t *testing.T) {
	p := compile(t, `{"detail": {"c-count": [{"exists": false}]}}`)
	if !p.Match(decoded(t, `{"detail": {"state": ["initializing"], "c-count": {"c1": 100}}}`)) {
		t.Error("got no match, want one: c-count is no leaf")
	}
	if p.Match(decoded(t, `{"detail": {"c-count": 1}}`)) {
		t.Error("got a match, want none")
	}
}

func TestEverythingIsAskedOfTheSameListElement(t *testing.T) {
	staff := decoded(t, `{"employees": [[{"firstName": "John", "lastName": "Doe"}, {"firstName": "Anna", "lastName": "Smith"}],
		[{"firstName": "Peter", "lastName": "Jones"}]]}`)
	for text, want := range map[string]bool{
		`{"employees": {"firstName": ["Anna"]}}`:                        true,
		`{"employees": {"firstName": ["Anna"], "lastName": ["Smith"]}}`: true,
		`{"employees": {"firstName": ["Anna"], "lastName": ["Jones"]}}`: false,
		`{"employees": {"firstName": ["Eve"]}}`:                         false,
		`{"employees": {"age": [{"exists": false}]}}`:                   true,
	} {
		if got := compile(t, text).Match(staff); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestAStreamRecordIsFilteredByItsKey(t *testing.T) {
	p := compile(t, `{"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "EVENT#"}]}}}}`)
	record := func(name, key string) any {
		return map[string]any{"eventName": name, "dynamodb": map[string]any{
			"Keys": map[string]any{"sk": map[string]any{"S": key}}, "SizeBytes": int64(3), "B": []byte("x"),
		}}
	}
	for _, c := range []struct {
		event any
		want  bool
	}{
		{record("INSERT", "EVENT#1"), true},
		{record("MODIFY", "EVENT#1"), false},
		{record("INSERT", "INCIDENT#1"), false},
		{map[string]any{"eventName": "INSERT"}, false},
		{nil, false},
	} {
		if got := p.Match(c.event); got != c.want {
			t.Errorf("%v: got %v, want %v", c.event, got, c.want)
		}
	}
	bytes := compile(t, `{"dynamodb": {"B": ["eA=="], "SizeBytes": [3]}}`)
	if !bytes.Match(record("INSERT", "x")) {
		t.Error("got no match of bytes by their base64 and of a whole number, want one")
	}
}

func TestADollarOrOfOperatorsIsAField(t *testing.T) {
	p := compile(t, `{"$or": [{"prefix": "a"}, {"prefix": "b"}]}`)
	if !p.Match(map[string]any{"$or": "bc"}) || p.Match(map[string]any{"x": "a"}) {
		t.Error("want a match of the field named $or only")
	}
}

func TestAPatternThatMeansNothingIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "read pattern",
		`[]`:                               "want a JSON object",
		`{} {}`:                            "more than one",
		`{}`:                               "an empty object",
		`{"a": {}}`:                        "a: an empty object",
		`{"a": []}`:                        "a: an empty list",
		`{"a": "x"}`:                       "a: want an object or a list",
		`{"a": {"b": [[1]]}}`:              "a.b: want a string",
		`{"a": [{"wildcard": "*"}]}`:       "a: wildcard: this operator is not known here",
		`{"a": [{"prefix": "x", "b": 1}]}`: "2 members",
		`{"a": [{"prefix": 1}]}`:           "want a string",
		`{"a": [{"exists": "yes"}]}`:       "want true or false",
		`{"a": [{"anything-but": []}]}`:    "an empty list",
		`{"a": [{"anything-but": true}]}`:  "want strings or numbers",
		`{"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}`: "not known here",
		`{"a": [{"numeric": [">"]}]}`:                       "pairs",
		`{"a": [{"numeric": [">", "1"]}]}`:                  "is no number",
		`{"a": [{"numeric": ["!", 1]}]}`:                    "is no comparison",
		`{"$or": [{"a": [1]}, {"b": "x"}]}`:                 "$or[1].b: want an object or a list",
	} {
		if _, err := pattern.Compile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", text, err, want)
		}
	}
}

func FuzzCompileAndMatch(f *testing.F) {
	f.Add(`{"detail": {"$or": [{"c": [{"numeric": [">", 10]}]}, {"d": [3, null, {"exists": false}]}]}}`, `{"detail": [{"c": [11, {}]}]}`)
	f.Add(`{"a": [{"anything-but": {"prefix": ["x"]}}]}`, `{"a": "y"}`)
	f.Fuzz(func(t *testing.T, text, event string) {
		p, err := pattern.Compile([]byte(text))
		var v any
		if err != nil || json.Unmarshal([]byte(event), &v) != nil {
			return
		}
		if first := p.Match(v); first != p.Match(v) {
			t.Error("two answers to one question")
		}
	})
}
