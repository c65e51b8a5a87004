package feedback_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allclear/internal/ledger"
	"allclear/internal/status"
)

// story is what SES has to tell of one mail, in order.
type story func(id, email string) []string

var stories = []story{
	func(id, _ string) []string { return []string{sent(id), delivered(id, begin.Add(time.Second))} },
	func(id, _ string) []string {
		return []string{sent(id), delayed(id), delivered(id, begin.Add(time.Hour))}
	},
	func(id, _ string) []string { return []string{sent(id), event("Reject", tags(id), "reject", object{})} },
	func(id, email string) []string {
		return []string{sent(id), bounced(tags(id), email, "Permanent", "General", begin.Add(time.Second))}
	},
	func(id, email string) []string { // delivered, and returned by what stands behind
		return []string{sent(id), delivered(id, begin), bounced(tags(id), email, "Permanent", "General", begin.Add(time.Second))}
	},
	func(id, email string) []string {
		return []string{sent(id), delivered(id, begin), complained(tags(id), email)}
	},
	func(id, email string) []string {
		told := []string{sent(id), delayed(id)}
		for day := range status.ReturnedDays {
			told = append(told, bounced(tags(id), email, "Transient", "General", begin.AddDate(0, 0, day)))
		}
		return told
	},
}

// told is all that is known at the end.
type told struct {
	Counts     ledger.Counts
	States     []status.SubscriberState
	Reasons    []status.QuarantineReason
	Suppressed []status.QuarantineReason
}

// Whatever SES tells twice, late or in another order, before or after the worker's own record, the
// end is the same.
func TestEventsEndTheSameTwiceAndInAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		chosen := rapid.SliceOfN(rapid.SampledFrom(stories), 1, 4).Draw(r, "stories")
		run := func(arrange func([]string) []string, recordAfter int) told {
			w := newWorld(r)
			var bodies, ids []string
			var claims []ledger.Claim
			for n, s := range chosen {
				email := fmt.Sprintf("a%d@example.com", n)
				id := w.subscriber(email)
				ids, claims = append(ids, id), append(claims, w.claim(id))
				bodies = append(bodies, s(id, email)...)
			}
			w.now = begin.AddDate(0, 0, status.ReturnedDays)
			bodies = arrange(bodies)
			for n, body := range append(bodies, "") {
				if n == min(recordAfter, len(bodies)) {
					for _, c := range claims {
						w.check(w.Ledger.Finish(r.Context(), c, ledger.Sent))
					}
				}
				if body != "" {
					w.check(w.Handle(r.Context(), body))
				}
			}
			end := told{Counts: w.total()}
			for _, id := range ids {
				s := w.read(id)
				end.States, end.Reasons = append(end.States, s.State), append(end.Reasons, s.Reason)
				end.Suppressed = append(end.Suppressed, w.suppressed(s.Email))
			}
			return end
		}
		want := run(func(b []string) []string { return b }, 0)
		got := run(func(b []string) []string {
			return rapid.Permutation(append(b, b...)).Draw(r, "order")
		}, rapid.IntRange(0, 40).Draw(r, "record"))
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatalf("(-in order, once +as it comes):\n%s", diff)
		}
	})
}

// Messages come from outside: whatever they are, nothing panics, and nothing of them is quoted.
func FuzzHandle(f *testing.F) {
	files, err := filepath.Glob("../../events/ses/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(message(f, payload))
	}
	f.Add(`{"eventType":"Bounce","mail":{"timestamp":"@","tags":{"event":["@"],"@":[]}},"bounce":{"bouncedRecipients":[{}]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		w := newWorld(t)
		w.subscriber("secret@example.com")
		err := w.Handle(t.Context(), body)
		if shown := fmt.Sprint(err, w.log.String()); strings.Contains(shown, "@") {
			t.Errorf("an address may be shown: %s", shown)
		}
		if slices.Contains([]status.QuarantineReason{status.Bounced, status.Complained}, w.suppressed("secret@example.com")) &&
			!strings.Contains(strings.ToLower(body), "example") {
			t.Error("an address is suppressed that the message does not name")
		}
	})
}

// message is what SNS hands on in a sample.
func message(f failer, payload []byte) string {
	f.Helper()
	var sample struct {
		Records []struct {
			SNS struct{ Message string } `json:"Sns"`
		}
	}
	if err := json.Unmarshal(payload, &sample); err != nil || len(sample.Records) != 1 {
		f.Fatal("a sample holds no message: ", err)
	}
	return sample.Records[0].SNS.Message
}
