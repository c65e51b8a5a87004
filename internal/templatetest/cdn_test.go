package templatetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/front"
	"allclear/internal/page"
)

// distribution is what the tests read of an AWS::CloudFront::Distribution.
type distribution struct {
	Config struct {
		RootObject  string         `yaml:"DefaultRootObject"`
		Certificate map[string]any `yaml:"ViewerCertificate"`
		Origins     []origin       `yaml:"Origins"`
		Default     behaviour      `yaml:"DefaultCacheBehavior"`
		Behaviours  []behaviour    `yaml:"CacheBehaviors"`
		Errors      []failure      `yaml:"CustomErrorResponses"`
	} `yaml:"DistributionConfig"`
}

type origin struct {
	ID         string         `yaml:"Id"`
	Domain     any            `yaml:"DomainName"`
	Path       string         `yaml:"OriginPath"`
	Access     any            `yaml:"OriginAccessControlId"`
	Attempts   int            `yaml:"ConnectionAttempts"`
	Connecting int            `yaml:"ConnectionTimeout"` // seconds
	Bucket     map[string]any `yaml:"S3OriginConfig"`
	Server     map[string]any `yaml:"CustomOriginConfig"`
	Headers    []struct {
		Name  string `yaml:"HeaderName"`
		Value any    `yaml:"HeaderValue"`
	} `yaml:"OriginCustomHeaders"`
}

type behaviour struct {
	Pattern   string   `yaml:"PathPattern"`
	Origin    string   `yaml:"TargetOriginId"`
	Protocol  string   `yaml:"ViewerProtocolPolicy"`
	Methods   []string `yaml:"AllowedMethods"`
	Cached    []string `yaml:"CachedMethods"`
	Compress  bool     `yaml:"Compress"`
	Cache     any      `yaml:"CachePolicyId"`
	Request   any      `yaml:"OriginRequestPolicyId"`
	Headers   any      `yaml:"ResponseHeadersPolicyId"`
	Functions []struct {
		Event    string `yaml:"EventType"`
		Function any    `yaml:"FunctionARN"`
	} `yaml:"FunctionAssociations"`
}

type failure struct {
	Code   int    `yaml:"ErrorCode"`
	Answer int    `yaml:"ResponseCode"`
	Page   string `yaml:"ResponsePagePath"`
	Kept   int    `yaml:"ErrorCachingMinTTL"` // seconds
}

// The ids that CloudFront has given to its own policies, the same in every account.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
const (
	cachingDisabled           = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	allViewerExceptHostHeader = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
)

var (
	reading = []string{"GET", "HEAD"}
	every   = []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
)

func TestTheAddressesOfThePageAreServedAsTheFrontServesThem(t *testing.T) {
	d := properties[distribution](t, "PageDistribution")
	var served []behaviour
	for _, b := range append(slices.Clone(d.Config.Behaviours), d.Config.Default) {
		if b.Origin == "site" {
			served = append(served, b)
		}
	}
	served[len(served)-1].Pattern = "*" // the default, which has none
	want := front.Behaviours()
	if len(served) != len(want) {
		t.Fatalf("got %d behaviours of the bucket, want %d", len(served), len(want))
	}
	for i, b := range served {
		if b.Pattern != want[i].Pattern {
			t.Errorf("behaviour %d of the bucket: got %s, want %s", i, b.Pattern, want[i].Pattern)
		}
		methods := reading
		if want[i].CORS {
			methods = []string{"GET", "HEAD", "OPTIONS"}
		}
		if diff := cmp.Diff(methods, b.Methods); diff != "" {
			t.Errorf("methods of %s (-want +got):\n%s", b.Pattern, diff)
		}
		headers := append(slices.Clone(want[i].Headers), front.Header{
			Name: "Strict-Transport-Security", Value: front.StrictTransportSecurity,
		})
		if want[i].CORS {
			headers = append(headers, front.Header{Name: "Access-Control-Allow-Origin", Value: "*"})
		}
		got := properties[headersPolicy](t, name(b.Headers))
		if diff := cmp.Diff(byName(headers), byName(got.headers())); diff != "" {
			t.Errorf("headers of %s, policy %s (-want +got):\n%s", b.Pattern, name(b.Headers), diff)
		}
		if overridable := got.overridable(); len(overridable) != 0 {
			t.Errorf("policy %s: an object's own %v would count", name(b.Headers), overridable)
		}
	}
}

func TestEveryBehaviourOfTheBucketSharesFunctionAndCache(t *testing.T) {
	for _, id := range []string{"PageDistribution", "OperatorDistribution"} {
		d := properties[distribution](t, id)
		for _, b := range append(slices.Clone(d.Config.Behaviours), d.Config.Default) {
			if b.Origin != "site" {
				continue
			}
			if got := name(b.Cache); got != "SiteCache" {
				t.Errorf("%s %s: got cache policy %s", id, b.Pattern, got)
			}
			if b.Request != nil {
				t.Errorf("%s %s: forwards what %v says, want nothing", id, b.Pattern, b.Request)
			}
			if diff := cmp.Diff(reading, b.Cached); diff != "" || !b.Compress {
				t.Errorf("%s %s: compression %t, cached methods (-want +got):\n%s", id, b.Pattern, b.Compress, diff)
			}
			if len(b.Functions) != 1 || b.Functions[0].Event != "viewer-request" ||
				name(b.Functions[0].Function) != "AddressFunction.FunctionMetadata.FunctionARN" {
				t.Errorf("%s %s: got functions %v", id, b.Pattern, b.Functions)
			}
			if b.Protocol != "redirect-to-https" {
				t.Errorf("%s %s: got %s", id, b.Pattern, b.Protocol)
			}
		}
	}
}

func TestTheCacheKeepsWhatObjectsSayAndForwardsNothing(t *testing.T) {
	type choice = map[string]any
	got := properties[struct {
		Config struct {
			Min   int            `yaml:"MinTTL"`
			Unset int            `yaml:"DefaultTTL"`
			Max   int            `yaml:"MaxTTL"`
			Key   map[string]any `yaml:"ParametersInCacheKeyAndForwardedToOrigin"`
		} `yaml:"CachePolicyConfig"`
	}](t, "SiteCache").Config
	// With a minimum, objects that change would be kept longer than they allow.
	if got.Min != 0 || got.Unset != 5 || !strings.Contains(page.CacheForever, fmt.Sprintf("max-age=%d,", got.Max)) {
		t.Errorf("got times to live %d, %d, %d s, want 0, 5 and that of hashed assets", got.Min, got.Unset, got.Max)
	}
	want := choice{
		"CookiesConfig":              choice{"CookieBehavior": "none"},
		"HeadersConfig":              choice{"HeaderBehavior": "none"},
		"QueryStringsConfig":         choice{"QueryStringBehavior": "none"},
		"EnableAcceptEncodingBrotli": true,
		"EnableAcceptEncodingGzip":   true,
	}
	if diff := cmp.Diff(want, got.Key); diff != "" {
		t.Errorf("key of the cache (-want +got):\n%s", diff)
	}
}

func TestEndpointsComeBeforeObjectsAndAreNotCached(t *testing.T) {
	for id, want := range map[string][]string{
		"PageDistribution":     {"/api/v2/subscribers*", "/subscribe*", "/subscriptions/*", "/api/v2/*", "*.svg"},
		"OperatorDistribution": {"/v1", "/v1/*"},
	} {
		d := properties[distribution](t, id)
		var patterns []string
		for _, b := range d.Config.Behaviours {
			patterns = append(patterns, b.Pattern)
			if b.Origin == "site" {
				continue
			}
			if b.Origin != "api" || b.Cache != cachingDisabled || b.Request != allViewerExceptHostHeader {
				t.Errorf("%s %s: got origin %s, cache %v, request %v", id, b.Pattern, b.Origin, b.Cache, b.Request)
			}
			if diff := cmp.Diff(every, b.Methods); diff != "" {
				t.Errorf("%s %s: methods (-want +got):\n%s", id, b.Pattern, diff)
			}
			if len(b.Functions) != 0 || name(b.Headers) != "EndpointHeaders" {
				t.Errorf("%s %s: got functions %v, headers %v", id, b.Pattern, b.Functions, b.Headers)
			}
		}
		if diff := cmp.Diff(want, patterns); diff != "" {
			t.Errorf("%s: patterns in order (-want +got):\n%s", id, diff)
		}
	}
}

func TestAKeyIsNeverAskedForInTheClear(t *testing.T) {
	for _, b := range properties[distribution](t, "OperatorDistribution").Config.Behaviours {
		if b.Protocol != "https-only" {
			t.Errorf("%s: got %s, want https-only", b.Pattern, b.Protocol)
		}
	}
}

// The endpoints' own headers count, and those of the API are the strictest there are.
func TestAnEndpointThatSaysNothingMayDoNothing(t *testing.T) {
	got := properties[headersPolicy](t, "EndpointHeaders")
	want := append(slices.Clone(front.Behaviours()[0].Headers), front.Header{
		Name: "Strict-Transport-Security", Value: front.StrictTransportSecurity,
	})
	if diff := cmp.Diff(byName(want), byName(got.headers())); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	overridable := []string{"Content-Security-Policy", "Permissions-Policy", "Referrer-Policy"}
	if diff := cmp.Diff(overridable, got.overridable()); diff != "" {
		t.Errorf("left to the endpoint (-want +got):\n%s", diff)
	}
}

// A page in place of an error would be one for all behaviours of a distribution.
func TestOnlyThePageAnswersNotFoundInItsOwnWords(t *testing.T) {
	want := []failure{{Code: 404, Answer: 404, Page: "/" + page.PathNotFound, Kept: 2}}
	if diff := cmp.Diff(want, properties[distribution](t, "PageDistribution").Config.Errors); diff != "" {
		t.Errorf("errors of the page (-want +got):\n%s", diff)
	}
	kept := map[int]bool{}
	for _, e := range properties[distribution](t, "OperatorDistribution").Config.Errors {
		kept[e.Code] = true
		if e.Page != "" || e.Answer != 0 || e.Kept != 0 {
			t.Errorf("operator API, %d: got %+v, want it as it is and not kept", e.Code, e)
		}
	}
	for _, code := range []int{404, 500, 502, 503, 504} { // of these CloudFront would keep any for ten seconds
		if !kept[code] {
			t.Errorf("operator API: %d would be kept for everyone", code)
		}
	}
}

// stale-if-error waits for the origin to fail.
func TestABucketThatDoesNotAnswerFailsSoon(t *testing.T) {
	for id, path := range map[string]string{"PageDistribution": "", "OperatorDistribution": "/admin"} {
		d := properties[distribution](t, id)
		if len(d.Config.Origins) != 2 || d.Config.Origins[0].ID != "site" || d.Config.Origins[1].ID != "api" {
			t.Fatalf("%s: got origins %+v, want site and api", id, d.Config.Origins)
		}
		site := d.Config.Origins[0]
		if site.Attempts > 2 || site.Attempts < 1 || site.Connecting < 2 || site.Connecting > 5 || site.Bucket["OriginReadTimeout"] != 3 {
			t.Errorf("%s: got %+v, want at most 2 attempts of a few seconds", id, site)
		}
		if site.Path != path || name(site.Domain) != "SiteBucket.RegionalDomainName" || name(site.Access) != "SiteAccess.Id" ||
			site.Bucket["OriginAccessIdentity"] != "" {
			t.Errorf("%s: got %+v, want the site bucket by origin access control", id, site)
		}
		if d.Config.RootObject != page.PathIndex {
			t.Errorf("%s: got root object %q: without one and without the function, / lists the bucket", id, d.Config.RootObject)
		}
	}
}

func TestTheEndpointsAreToldThatCloudFrontAsks(t *testing.T) {
	for _, id := range []string{"PageDistribution", "OperatorDistribution"} {
		api := properties[distribution](t, id).Config.Origins[1]
		if len(api.Headers) != 1 || api.Headers[0].Name != "x-allclear-origin" || name(api.Headers[0].Value) != "Preflight.OriginSecret" {
			t.Errorf("%s: got headers %+v", id, api.Headers)
		}
		if api.Server["OriginProtocolPolicy"] != "https-only" || !strings.HasPrefix(name(api.Domain), "${HttpApi}.execute-api.") {
			t.Errorf("%s: got %+v, want the HTTP API over HTTPS", id, api)
		}
	}
}

func TestADomainOfOnesOwnTakesAModernTLSVersion(t *testing.T) {
	for id, want := range map[string][2]string{
		"PageDistribution": {"HasPageDomain", "PageCertificate"}, "OperatorDistribution": {"HasOperatorDomain", "OperatorCertificate"},
	} {
		choice, ok := properties[distribution](t, id).Config.Certificate["Fn::If"].([]any)
		if !ok || len(choice) != 3 {
			t.Fatalf("%s: got certificate %v, want an Fn::If", id, choice)
		}
		got := choice[1].(map[string]any)
		if choice[0] != want[0] || name(got["AcmCertificateArn"]) != want[1] || got["MinimumProtocolVersion"] != "TLSv1.2_2021" {
			t.Errorf("%s: got certificate %v", id, choice)
		}
	}
}

func TestWhatOnlyAWSHasIsLeftOutElsewhere(t *testing.T) {
	for _, file := range []string{"cdn.yml", "edge.yml", "headers.yml"} {
		for id, r := range resourcesOf(t, file) {
			if r.Condition != "IsAws" {
				t.Errorf("%s: got condition %q, want IsAws", id, r.Condition)
			}
		}
	}
}
