package cost_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allclear/internal/cost"
	"allclear/internal/status"
)

func month(t interface{ Fatal(...any) }, use cost.Use) cost.Estimate {
	e, err := cost.Month(use)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnEstimateReadsAsItsGolden(t *testing.T) {
	for name, use := range map[string]cost.Use{
		"idle.txt": {},
		"busy.txt": {Views: 2_000_000, Subscribers: 5_000, Incidents: 12, Updates: 4, Components: 60},
	} {
		var text strings.Builder
		if err := month(t, use).Write(&text); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// At rest only the clock, the queues and the alarms cost something.
func TestAPageThatNobodyUsesCostsWhatTheClockCosts(t *testing.T) {
	for _, i := range month(t, cost.Use{}).Items {
		byUse := strings.Contains(i.Service+i.What, "CloudFront") || i.Service == "API Gateway" || i.Service == "SES" ||
			strings.HasPrefix(i.What, "api: ") || strings.HasPrefix(i.What, "publish: ")
		if byUse && i.Dollars > 0 {
			t.Errorf("%s, %s: got %g, want nothing", i.Service, i.What, i.Dollars)
		}
	}
	// What the design says of a page at rest, "about a dollar", is without what an account has free:
	// ten alarms and 100,000 traces.
	e := month(t, cost.Use{})
	if got := e.Total() - 1 - 0.219; math.Abs(got-1) > 0.2 {
		t.Errorf("got %.2f a month at rest without alarms and traces, want about 1", got)
	}
}

func anyUse() *rapid.Generator[cost.Use] {
	n := func(r *rapid.T, name string, limit int64) int64 {
		return rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, limit)).Draw(r, name)
	}
	return rapid.Custom(func(r *rapid.T) cost.Use {
		return cost.Use{
			Views: n(r, "views", 1e9), Subscribers: n(r, "subscribers", 1e6), Incidents: n(r, "incidents", 1e4),
			Updates: n(r, "updates", 100), Components: n(r, "components", 2000),
		}
	})
}

func TestMoreUseNeverCostsLess(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		less := anyUse().Draw(r, "use")
		more := less
		field := rapid.SampledFrom([]*int64{&more.Views, &more.Subscribers, &more.Incidents, &more.Updates, &more.Components}).Draw(r, "field")
		*field += rapid.OneOf(rapid.Int64Range(1, 10), rapid.Int64Range(1, 1e6)).Draw(r, "more")
		a, b := month(r, less), month(r, more)
		const rounding = 1e-9
		if b.Total() < a.Total()*(1-rounding) {
			r.Errorf("%+v costs %g, %+v costs %g", less, a.Total(), more, b.Total())
		}
		if b.Total()-b.Free() < (a.Total()-a.Free())*(1-rounding)-rounding {
			r.Errorf("%+v costs %g with the free tier, %+v costs %g", less, a.Total()-a.Free(), more, b.Total()-b.Free())
		}
	})
}

func TestTheFreeTierCoversNoMoreThanThereIsAndNothingTwice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sqs := 0.0
		for _, i := range month(r, anyUse().Draw(r, "use")).Items {
			if i.Free < 0 || i.Free > i.Dollars*(1+1e-9) {
				r.Errorf("%s, %s: got %g free of %g", i.Service, i.What, i.Free, i.Dollars)
			}
			if i.Service == "SQS" {
				sqs += i.Free
			}
		}
		if sqs > 0.4+1e-9 {
			r.Errorf("got %g free of SQS, want at most its million requests", sqs)
		}
	})
}

func TestNumbersThatNoPageHasAreRefusedByName(t *testing.T) {
	for name, use := range map[string]cost.Use{
		"views":       {Views: -1},
		"subscribers": {Subscribers: -1},
		"incidents":   {Incidents: math.MaxInt64},
		"updates":     {Updates: math.MinInt64},
		"components":  {Components: -7},
	} {
		_, err := cost.Month(use)
		if e := (*status.Error)(nil); !errors.As(err, &e) || e.Code != status.Invalid || e.Field != name {
			t.Errorf("%+v: got %v, want a refusal of %s", use, err, name)
		}
	}
}
