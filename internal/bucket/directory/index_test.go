package directory

import (
	"fmt"
	"testing"

	"allclear/internal/bucket"
)

func TestTheIndexIsBoundedAndKeepsTheNewest(t *testing.T) {
	i := newIndex(3)
	for n := range 100 {
		path := fmt.Sprint(n)
		i.put(path, bucket.Info{Seq: int64(n)})
		if got, ok := i.get(path); !ok || got.Seq != int64(n) {
			t.Errorf("get(%q) = %+v, %t", path, got, ok)
		}
		if len(i.infos) > 3 {
			t.Fatalf("%d entries after %d puts, want 3 at most", len(i.infos), n+1)
		}
	}
	i.put("99", bucket.Info{Seq: 100}) // known: makes room for nothing
	if len(i.infos) != 3 {
		t.Errorf("%d entries, want 3", len(i.infos))
	}
}
