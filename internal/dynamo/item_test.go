package dynamo

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allclear/internal/table"
)

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func digits(s string) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: s}
}

func TestAnItemIsStoredAsDocumentedAndReadBack(t *testing.T) {
	item := table.Item{
		Key:     table.Key{Partition: "PAGE#1", Sort: "EVENT#2"},
		Expires: time.Unix(1780000000, 999e6),
		Attributes: table.Attributes{
			"max": int64(math.MaxInt64), "min": int64(math.MinInt64), "nil": nil, "yes": true,
			"empty": "", "bytes": []byte{0, 0xff}, "no bytes": []byte{},
			"list": []any{nil, int64(-1), []any{}, map[string]any{"k": []byte("v")}},
			"map":  map[string]any{"expires": int64(1), "": nil},
		},
	}
	want := stored{
		"pk": text("PAGE#1"), "sk": text("EVENT#2"), "expires": digits("1780000000"),
		"max": digits("9223372036854775807"), "min": digits("-9223372036854775808"),
		"nil": &types.AttributeValueMemberNULL{Value: true}, "yes": &types.AttributeValueMemberBOOL{Value: true},
		"empty": text(""), "bytes": &types.AttributeValueMemberB{Value: []byte{0, 0xff}}, "no bytes": &types.AttributeValueMemberB{Value: []byte{}},
		"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{
			&types.AttributeValueMemberNULL{Value: true}, digits("-1"),
			&types.AttributeValueMemberL{Value: []types.AttributeValue{}},
			&types.AttributeValueMemberM{Value: stored{"k": &types.AttributeValueMemberB{Value: []byte("v")}}},
		}},
		"map": &types.AttributeValueMemberM{Value: stored{"expires": digits("1"), "": &types.AttributeValueMemberNULL{Value: true}}},
	}
	got := encodeItem(item)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(
		types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{}, types.AttributeValueMemberBOOL{},
		types.AttributeValueMemberNULL{}, types.AttributeValueMemberL{}, types.AttributeValueMemberM{})); diff != "" {
		t.Errorf("stored item (-want +got):\n%s", diff)
	}
	back, err := decodeItem(got)
	if err != nil {
		t.Fatal(err)
	}
	item.Expires = time.Unix(1780000000, 0).UTC()
	if diff := cmp.Diff(item, back); diff != "" {
		t.Errorf("item read back (-want +got):\n%s", diff)
	}
}

func TestNilBytesAreStoredAsNone(t *testing.T) {
	// The SDK would send nil as null, which DynamoDB refuses.
	if b := encodeValue([]byte(nil)).(*types.AttributeValueMemberB); b.Value == nil {
		t.Error("got nil")
	}
}

func TestWhatThisProgramNeverStoresIsAnErrorThatNamesTheAttribute(t *testing.T) {
	for name, odd := range map[string]types.AttributeValue{
		"a fraction":          digits("1.5"),
		"a number too large":  digits("9223372036854775808"),
		"a set":               &types.AttributeValueMemberSS{Value: []string{"a"}},
		"a set inside a list": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberNS{}}},
		"a set inside a map":  &types.AttributeValueMemberM{Value: stored{"k": &types.AttributeValueMemberBS{}}},
		"nothing":             nil,
	} {
		s := encodeKey(table.Key{Partition: "P", Sort: "S"})
		s["odd"] = odd
		if _, err := decodeItem(s); err == nil || !strings.Contains(err.Error(), `"odd"`) {
			t.Errorf("%s: got error %v, want one that names the attribute", name, err)
		}
	}
	for name, s := range map[string]stored{
		"no key":                 {"pk": text("P")},
		"a number for a key":     {"pk": text("P"), "sk": digits("1")},
		"text for an expiry":     {"pk": text("P"), "sk": text("S"), "expires": text("1")},
		"a fraction as expiry":   {"pk": text("P"), "sk": text("S"), "expires": digits("1.5")},
		"a key beyond its rules": {"pk": text("P"), "sk": text("ä")},
	} {
		if item, err := decodeItem(s); err == nil {
			t.Errorf("%s: got %v, want an error", name, item)
		}
	}
}
