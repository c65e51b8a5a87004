package stream_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"allclear/internal/stream"
	"allclear/internal/table"
)

var at = time.Date(2026, 3, 1, 12, 30, 15, 0, time.UTC)

func inserted(sequence int64, attributes table.Attributes) table.Record {
	key := table.Key{Partition: "PAGE#p1", Sort: "EVENT#0000000001"}
	return table.Record{
		Sequence: sequence, Kind: table.Insert, Key: key, At: at,
		New: &table.Item{Key: key, Attributes: attributes},
	}
}

func decodeOne(t *testing.T, payload []byte) stream.Record {
	t.Helper()
	var e stream.Event
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	if len(e.Records) != 1 {
		t.Fatalf("got %d records, want 1", len(e.Records))
	}
	r, err := stream.Decode(e.Records[0])
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARecordIsEncodedAsLambdaHandsItOver(t *testing.T) {
	r := inserted(42, table.Attributes{"seq": int64(1), "done": false, "note": nil, "ids": []any{"a"}})
	r.New.Expires = at
	got, err := stream.Encode("status", r)
	if err != nil {
		t.Fatal(err)
	}
	size, err := table.Size(*r.New)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Records":[{
		"eventID":"` + idOf(t, got) + `",
		"eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"local",
		"dynamodb":{
			"ApproximateCreationDateTime":1772368215,
			"Keys":{"pk":{"S":"PAGE#p1"},"sk":{"S":"EVENT#0000000001"}},
			"NewImage":{"pk":{"S":"PAGE#p1"},"sk":{"S":"EVENT#0000000001"},
				"seq":{"N":"1"},"done":{"BOOL":false},"note":{"NULL":true},"ids":{"L":[{"S":"a"}]},"expires":{"N":"1772368215"}},
			"SequenceNumber":"42","SizeBytes":` + strconv.Itoa(27+size) + `,"StreamViewType":"NEW_IMAGE"},
		"eventSourceARN":"arn:aws:dynamodb:local:000000000000:table/status/stream/local"}]}`
	if d := cmp.Diff(parsed(t, []byte(want)), parsed(t, got)); d != "" {
		t.Errorf("event (-want +got):\n%s", d)
	}
}

func TestTheSameRecordGivesTheSameBytes(t *testing.T) {
	r := inserted(1, table.Attributes{"a": int64(1), "b": "x", "c": map[string]any{"d": true, "e": []byte{0}}})
	first, err := stream.Encode("status", r)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := stream.Encode("status", r)
		if err != nil || string(again) != string(first) {
			t.Fatalf("got %s, %v, want %s", again, err, first)
		}
	}
}

func TestTheOfficialEventTypeReadsWhatWeEncode(t *testing.T) {
	payload, err := stream.Encode("status", inserted(7, table.Attributes{
		"n": int64(math.MinInt64), "b": []byte("\x00\xff"), "m": map[string]any{"l": []any{int64(1), nil}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	var e events.DynamoDBEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	image := e.Records[0].Change.NewImage
	if got, want := image["n"].Number(), "-9223372036854775808"; got != want {
		t.Errorf("got n %s, want %s", got, want)
	}
	if got, want := string(image["b"].Binary()), "\x00\xff"; got != want {
		t.Errorf("got b %q, want %q", got, want)
	}
	if !image["m"].Map()["l"].List()[1].IsNull() {
		t.Error("got no null inside the list")
	}
	if got, want := e.Records[0].Change.ApproximateCreationDateTime.UTC(), at; !got.Equal(want) {
		t.Errorf("got time %s, want %s", got, want)
	}
}

func TestEveryItemComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := inserted(rapid.Int64Min(1).Draw(t, "sequence"), attributes().Draw(t, "attributes"))
		if rapid.Bool().Draw(t, "expires") {
			r.New.Expires = at.Add(time.Duration(rapid.Int32().Draw(t, "seconds")) * time.Second)
		}
		r.Kind = rapid.SampledFrom([]table.ChangeKind{table.Insert, table.Modify}).Draw(t, "kind")
		payload, err := stream.Encode("status", r)
		if err != nil {
			t.Fatal(err)
		}
		var e stream.Event
		if err := json.Unmarshal(payload, &e); err != nil {
			t.Fatal(err)
		}
		got, err := stream.Decode(e.Records[0])
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r.New, got.New, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("item (-want +got):\n%s", d)
		}
		if got.Kind != r.Kind || got.Key != r.Key || !got.At.Equal(r.At) {
			t.Errorf("got %s of %s at %s, want %s of %s at %s", got.Kind, got.Key, got.At, r.Kind, r.Key, r.At)
		}
	})
}

func attributes() *rapid.Generator[table.Attributes] {
	text := rapid.String()
	name := text.Filter(func(s string) bool { return s != "" && s != "pk" && s != "sk" && s != "expires" })
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), text.AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(),
	)
	nested := rapid.OneOf(leaf, rapid.SliceOfN(leaf, 0, 4).AsAny(), rapid.MapOfN(name, leaf, 0, 4).AsAny())
	return rapid.Custom(func(t *rapid.T) table.Attributes {
		return rapid.MapOfN(name, nested, 0, 6).Draw(t, "map")
	})
}

func TestARemovalHasNoImage(t *testing.T) {
	r := inserted(3, nil)
	r.Kind, r.New = table.Remove, nil
	payload, err := stream.Encode("status", r)
	if err != nil {
		t.Fatal(err)
	}
	got := decodeOne(t, payload)
	if got.New != nil || got.Kind != table.Remove || got.Key != r.Key {
		t.Errorf("got %+v, want a removal of %s without an image", got, r.Key)
	}
}

func TestARecordThatNobodyWritesHereIsRefused(t *testing.T) {
	const keys = `"Keys":{"pk":{"S":"P"},"sk":{"S":"S"}}`
	const image = `"NewImage":{"pk":{"S":"P"},"sk":{"S":"S"},"a":`
	for name, c := range map[string]struct{ record, want string }{
		"not JSON":              {`{`, "unexpected end"},
		"null":                  {`null`, "no sequence number"},
		"no sequence":           {`{"eventName":"REMOVE","dynamodb":{` + keys + `}}`, "no sequence number"},
		"no keys":               {`{"eventName":"REMOVE","dynamodb":{"SequenceNumber":"9"}}`, "no key of two strings"},
		"another key schema":    {`{"eventName":"REMOVE","dynamodb":{"SequenceNumber":"9","Keys":{"Id":{"N":"1"}}}}`, "no key of two strings"},
		"an unknown event name": {`{"eventName":"CLEAR","dynamodb":{"SequenceNumber":"9",` + keys + `}}`, `event name "CLEAR"`},
		"no image":              {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `}}`, "no key of two strings"},
		"the image of another key": {
			`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,"NewImage":{"pk":{"S":"P"},"sk":{"S":"T"}}}}`,
			"another key",
		},
		"an expiry in words": {
			`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,"NewImage":{"pk":{"S":"P"},"sk":{"S":"S"},"expires":{"S":"soon"}}}}`,
			"expires is no number",
		},
		"a set":             {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"SS":["x"]}}}}`, "not stored here"},
		"a fraction":        {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"N":"1.5"}}}}`, "invalid syntax"},
		"a number too big":  {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"N":"9223372036854775808"}}}}`, "out of range"},
		"a nameless member": {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"M":{"":{"S":"x"}}}}}}`, "not allowed"},
		"two kinds":         {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"S":"x","N":"1"}}}}`, "2 kinds"},
		"a null string":     {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"S":null}}}}`, "null where a value"},
		"a false null":      {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"NULL":false}}}}`, "want true"},
		"bytes not base64":  {`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9",` + keys + `,` + image + `{"B":"*"}}}}`, "base64"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := stream.Decode(json.RawMessage(c.record))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got error %v, want one with %q", err, c.want)
			}
			if strings.Contains(c.record, `"SequenceNumber":"9"`) && r.Sequence != "9" {
				t.Errorf("got sequence %q, want 9 for the answer", r.Sequence)
			}
		})
	}
}

func TestTheSequenceIsFoundInARecordWithAnotherWrongPart(t *testing.T) {
	r, err := stream.Decode(json.RawMessage(`{"eventName":7,"dynamodb":{"SequenceNumber":"12"}}`))
	if err == nil || r.Sequence != "12" {
		t.Errorf("got sequence %q and error %v, want 12 and an error", r.Sequence, err)
	}
}

func FuzzDecode(f *testing.F) {
	seed, err := stream.Tree("status", inserted(1, table.Attributes{"a": []any{map[string]any{"b": []byte("c")}}, "n": int64(5)}))
	if err != nil {
		f.Fatal(err)
	}
	raw, err := json.Marshal(seed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(raw))
	f.Add([]byte(`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"9","Keys":{"pk":{"S":"P"},"sk":{"S":"S"}},"NewImage":null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := stream.Decode(b)
		if err != nil {
			return
		}
		if r.Sequence == "" || r.Key.Partition == "" || r.Key.Sort == "" || (r.New == nil) != (r.Kind == table.Remove) {
			t.Fatalf("accepted a record that is not whole: %+v", r)
		}
		again, err := stream.Tree("status", table.Record{Sequence: 1, Kind: r.Kind, Key: r.Key, New: r.New, At: r.At})
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if raw, err = json.Marshal(again); err != nil {
			t.Fatal(err)
		}
		second, err := stream.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r.New, second.New, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("item after another round (-first +second):\n%s", d)
		}
	})
}

func parsed(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func idOf(t *testing.T, payload []byte) string {
	t.Helper()
	var e events.DynamoDBEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	id := e.Records[0].EventID
	if len(id) != 32 {
		t.Errorf("got event id %q, want 32 hexadecimal digits", id)
	}
	return id
}
