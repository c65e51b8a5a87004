package buckettest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"allclear/internal/bucket"
)

const (
	writers = 8
	rounds  = 10 // per writer; small, since a bucket on a network runs this too
)

// lost reports the two answers that a writer gets when another one was first.
func lost(err error) bool {
	return errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict)
}

func creators(t *testing.T, b bucket.Bucket) {
	for round := range rounds {
		path := fmt.Sprintf("race/%d", round)
		var winners atomic.Int64
		var wins atomic.Int64
		var group sync.WaitGroup
		for writer := range int64(writers) {
			group.Go(func() {
				_, err := b.Put(t.Context(), path, text(fmt.Sprint("by ", writer), writer), absent)
				switch {
				case err == nil:
					wins.Add(1)
					winners.Store(writer)
				case !lost(err):
					t.Errorf("Put(%q): %v", path, err)
				}
			})
		}
		group.Wait()
		if got := wins.Load(); got != 1 {
			t.Errorf("%d of %d creators of %q won, want 1", got, writers, path)
		}
		winner := winners.Load()
		expect(t, b, path, text(fmt.Sprint("by ", winner), winner))
	}
}

// chain lets every writer add lines to one object by read and conditional put; all must be there.
func chain(t *testing.T, b bucket.Bucket) {
	mustPut(t, b, "log", text("", 0), unconditional)
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for round := range rounds {
				if err := appendLine(t, b, fmt.Sprintf("%d.%d\n", writer, round)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	object, info, err := b.Get(t.Context(), "log")
	if err != nil {
		t.Fatal(err)
	}
	if info.Seq != writers*rounds {
		t.Errorf("the last version is %d, want %d", info.Seq, writers*rounds)
	}
	for writer := range writers {
		for round := range rounds {
			if line := fmt.Sprintf("%d.%d\n", writer, round); strings.Count(string(object.Body), line) != 1 {
				t.Errorf("line %q is there %d times, want once", line, strings.Count(string(object.Body), line))
			}
		}
	}
}

func appendLine(t *testing.T, b bucket.Bucket, line string) error {
	for {
		object, info, err := b.Get(t.Context(), "log")
		if err != nil {
			return err
		}
		next := text(string(object.Body)+line, info.Seq+1)
		_, err = b.Put(t.Context(), "log", next, bucket.Condition{Match: info.ETag})
		if !lost(err) {
			return err
		}
	}
}

// wholeVersions reads while one writer counts up: every read is of one version, body and metadata
// alike, and no reader ever sees an older one than before.
func wholeVersions(t *testing.T, b bucket.Bucket) {
	version := func(seq int64) bucket.Object {
		return text(strings.Repeat(strconv.FormatInt(seq%10, 10), 64<<10), seq)
	}
	mustPut(t, b, "x", version(0), unconditional)
	var group sync.WaitGroup
	var done atomic.Bool
	defer group.Wait()
	defer done.Store(true)
	for range 3 {
		group.Go(func() {
			for last := int64(0); !done.Load(); {
				object, info, err := b.Get(t.Context(), "x")
				if err != nil {
					t.Errorf("Get: %v", err)
					return
				}
				if want := bucket.Describe(version(object.Seq)); info != want || bucket.ETag(object.Body) != info.ETag {
					t.Errorf("a read mixed two versions: %+v, want %+v", info, want)
				}
				if info.Seq < last {
					t.Errorf("version %d was read after %d", info.Seq, last)
				}
				head, err := b.Head(t.Context(), "x")
				if err != nil || head.Seq < info.Seq {
					t.Errorf("Head after version %d: version %d, %v", info.Seq, head.Seq, err)
				}
				last = head.Seq
			}
		})
	}
	for seq := range int64(5 * rounds) {
		mustPut(t, b, "x", version(seq+1), unconditional)
	}
}
