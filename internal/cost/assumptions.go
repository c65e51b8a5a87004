package cost

import "fmt"

// What is neither counted nor a price. Times are those of arm64 with provider.memorySize of
// serverless.yml.
const (
	hours = 730 // of a month
	ticks = hours * 60

	requestsPerView  = 11  // the page, three assets, its data every ten seconds and the heartbeat, for a minute
	kilobytesPerView = 28  // compressed, headers included
	perComponentView = 0.1 // more kilobytes for each component
	missed           = 0.2 // part of the requests that the CDN passes on to the bucket

	memory         = 0.5 // GB of a function
	apiSeconds     = 0.05
	publishSeconds = 1.0
	tickSeconds    = 0.25
	stepSeconds    = 0.05 // of the functions that notify, per invocation; per mail for mail

	kilobytesPerLog       = 0.7  // of an invocation
	tracedOfBursts        = 0.1  // part of the invocations that notify: by default one a second and five in a hundred
	kilobytesPerPut       = 15.0 // of a document; old versions are kept for a month
	kilobytesPerHeartbeat = 0.2
	kilobytesKept         = 4.0 // in the table, per change
	monthsKept            = 12  // of history
	sweepBusyFrom         = 250 // incidents of history that keep the sweep at work in every minute
	metricsOfAlarms       = 10

	pollsPerQueue  = 5 * hours * 60 * 3 // five pollers of Lambda, each waiting twenty seconds
	queues         = 2                  // mail, webhooks
	reportsPerMail = 2                  // SES tells of a send and a delivery
)

// Assumed are the assumptions in words.
func Assumed() []string {
	return []string{
		fmt.Sprintf("a view is %d requests and %d KB (more with more components); the CDN passes %.0f %% of requests on", requestsPerView, kilobytesPerView, missed*100),
		fmt.Sprintf("api, publish and tick run %g s, %g s and %g s with %g GB of memory; an invocation logs %g KB and is traced, or one in ten of those that notify", apiSeconds, publishSeconds, tickSeconds, memory, kilobytesPerLog),
		fmt.Sprintf("the history is %d months of such months; from %d incidents on the sweep over documents never rests", monthsKept, sweepBusyFrom),
		fmt.Sprintf("every update notifies every subscriber, by mail; alarms watch %d metrics", metricsOfAlarms),
		"traffic of North America and Europe; the first step of prices that fall with volume",
		"no reads of the operator API, no custom domain, taxes or support",
	}
}
