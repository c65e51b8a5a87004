package webhook

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"allclear/internal/status"
)

const field = "subscriber.endpoint"

func TestPublicEndpointsAreTakenInTheirOneSpelling(t *testing.T) {
	for given, want := range map[string]string{
		"https://hooks.example.com/in":                   "https://hooks.example.com/in",
		"https://hooks.example.com":                      "https://hooks.example.com",
		"https://hooks.example.com/?":                    "https://hooks.example.com/?",
		"HTTPS://Hooks.EXAMPLE.com/In?A=b":               "https://hooks.example.com/In?A=b",
		"https://prod-1.logic.azure.com:443/w?sig=a%2Fb": "https://prod-1.logic.azure.com/w?sig=a%2Fb",
		"https://hooks.example.com:/in":                  "https://hooks.example.com/in",
		"https://hooks.example.com/a%2Fb/ü?q=ü":          "https://hooks.example.com/a%2Fb/%C3%BC?q=%C3%BC",
		"https://Bücher.example.com/":                    "https://xn--bcher-kva.example.com/",
		"https://r3---a.example.com/":                    "https://r3---a.example.com/",
		"https://8.8.8.8/in":                             "https://8.8.8.8/in",
		"https://[2606:4700:4700:0:0:0:0:1111]/in":       "https://[2606:4700:4700::1111]/in",
		"https://127.0.0.1.example.com/":                 "https://127.0.0.1.example.com/",
		"https://0x7f.example.com/":                      "https://0x7f.example.com/",
	} {
		e, err := Rules{}.ParseEndpoint(field, given)
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		if got := e.URL(); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

func TestEveryPrivateSpellingIsRefusedWithTheReason(t *testing.T) {
	for given, want := range map[string]string{
		"https://127.0.0.1/":                           "127.0.0.1 is not a public address: loopback",
		"https://127.255.255.254/":                     "loopback",
		"https://2130706433/":                          "unusual way",
		"https://0x7f000001/":                          "unusual way",
		"https://0X7F000001/":                          "unusual way",
		"https://0177.0.0.1/":                          "unusual way",
		"https://017700000001/":                        "unusual way",
		"https://0x7f.0.0.1/":                          "unusual way",
		"https://127.0.0.0x1/":                         "unusual way",
		"https://127.1/":                               "unusual way",
		"https://127.0.1/":                             "unusual way",
		"https://127.0.0.01/":                          "unusual way",
		"https://127.0.0.1.1/":                         "unusual way",
		"https://256.0.0.1/":                           "unusual way",
		"https://0/":                                   "unusual way",
		"https://0x/":                                  "unusual way",
		"https://134744072/":                           "unusual way", // 8.8.8.8: nobody needs it
		"https://１２７.０.０.１/":                           "loopback",
		"https://①②⑦.⓪.⓪.①/":                           "loopback",
		"https://127。0。0。1/":                           "loopback",
		"https://%31%32%37.0.0.1/":                     "must be an address",
		"https://[::1]/":                               "loopback",
		"https://[0:0:0:0:0:0:0:1]/":                   "loopback",
		"https://[::]/":                                "unspecified",
		"https://[::127.0.0.1]/":                       "IPv4-compatible",
		"https://[::ffff:127.0.0.1]/":                  "IPv4-mapped",
		"https://[::ffff:7f00:1]/":                     "IPv4-mapped",
		"https://[::ffff:8.8.8.8]/":                    "IPv4-mapped",
		"https://[64:ff9b::127.0.0.1]/":                "NAT64",
		"https://[64:ff9b::a9fe:a9fe]/":                "NAT64",
		"https://[64:ff9b:1::a00:1]/":                  "local NAT64",
		"https://[2002:7f00:1::]/":                     "6to4",
		"https://[2001:0:4136:e378:8000:63bf:3fff:1]/": "Teredo",
		"https://[2001:2::1]/":                         "benchmarking",
		"https://[2001:db8::1]/":                       "documentation",
		"https://[3fff::1]/":                           "documentation",
		"https://[100::1]/":                            "discard-only",
		"https://[fc00::1]/":                           "unique local",
		"https://[fd12:3456::1]/":                      "unique local",
		"https://[fd00:ec2::254]/":                     "metadata service",
		"https://[fe80::1]/":                           "link-local",
		"https://[fe80::1%25eth0]/":                    "valid on one link only",
		"https://[fec0::1]/":                           "site-local",
		"https://[ff02::1]/":                           "multicast",
		"https://[4000::1]/":                           "reserved",
		"https://[127.0.0.1]/":                         "must",
		"https://0.0.0.0/":                             "this network",
		"https://10.1.2.3/":                            "private",
		"https://172.16.0.1/":                          "private",
		"https://172.31.255.255/":                      "private",
		"https://192.168.1.1/":                         "private",
		"https://100.64.0.1/":                          "carrier-grade NAT",
		"https://169.254.169.254/latest/meta-data/":    "metadata service",
		"https://168.63.129.16/":                       "platform service",
		"https://169.254.1.1/":                         "link-local",
		"https://192.0.0.192/":                         "IETF protocol assignments",
		"https://192.0.2.1/":                           "documentation",
		"https://198.51.100.1/":                        "documentation",
		"https://203.0.113.1/":                         "documentation",
		"https://198.19.0.1/":                          "benchmarking",
		"https://192.88.99.1/":                         "6to4 relay",
		"https://224.0.0.1/":                           "multicast",
		"https://240.0.0.1/":                           "reserved",
		"https://255.255.255.255/":                     "broadcast",
		"https://localhost/":                           "localhost",
		"https://LOCALHOST/":                           "localhost",
		"https://ｌocalhost/":                           "localhost",
		"https://a.localhost/":                         "localhost",
		"https://localhost.localdomain/":               "localdomain",
		"https://metadata.google.internal/":            "internal",
		"https://printer.local/":                       "local",
		"https://router.home.arpa/":                    "arpa",
		"https://intranet/":                            "intranet",
		"https://db/":                                  "with a dot",
		"https://localhost./":                          "dot at the end",
		"https://127.0.0.1./":                          "dot at the end",
		"https://hooks.example.com./":                  "dot at the end",
		"https://hooks.example.com。/":                  "dot at the end",
	} {
		refused(t, Rules{}, given, want)
	}
}

func TestWhatIsNoPlainHTTPSAddressIsRefusedWithTheReason(t *testing.T) {
	for given, want := range map[string]string{
		"":                                                       "must not be empty",
		"hooks.example.com/in":                                   "must begin with https://",
		"//hooks.example.com/in":                                 "must begin with https://",
		"http://hooks.example.com/":                              "must use https",
		"ftp://hooks.example.com/":                               "must use https",
		"file:///etc/passwd":                                     "must use https",
		"https:hooks.example.com":                                "must be an address",
		"https://":                                               "must name a host",
		"https:///in":                                            "must name a host",
		"https://:443/":                                          "must name a host",
		"https://hooks.example.com:8443/":                        "must use port 443",
		"https://hooks.example.com:0443/":                        "must use port 443",
		"https://hooks.example.com:80/":                          "must use port 443",
		"https://hooks.example.com:x/":                           "must be an address",
		"https://me@hooks.example.com/":                          "user name",
		"https://me:pass@hooks.example.com/":                     "user name",
		"https://hooks.example.com@127.0.0.1/":                   "user name",
		"https://@hooks.example.com/":                            "user name",
		"https://hooks.example.com/#part":                        "fragment",
		"https://hooks.example.com/#":                            "fragment",
		`https://hooks.example.com\@10.0.0.1/`:                   "backslash",
		"https://hooks.example.com/a b":                          "spaces",
		" https://hooks.example.com/":                            "spaces",
		"https://hooks.example.com/\r\nX: y":                     "spaces",
		"https://hooks.example.com/\u200b":                       "invisible",
		"https://hooks.example.com/\x00":                         "invisible",
		"https://hooks.example.com/\xff":                         "UTF-8",
		"https://hooks..example.com/":                            "must name a host",
		"https://a_b.example.com/":                               "must name a host",
		"https://a,b.example.com/":                               "must name a host",
		"https://xn--a.example.com/":                             "must name a host",
		"https://" + strings.Repeat("a", 64) + ".example.com/":   "must name a host",
		"https://" + strings.Repeat("a.", 130) + "example.com/":  "must name a host",
		"https://hooks.example.com/" + strings.Repeat("a", 2048): "longer than 2048 bytes",
		"https://[::1/":                                          "must be an address",
		"https://hooks.example.com/%zz/":                         "must be an address",
	} {
		refused(t, Rules{}, given, want)
	}
}

// refused wants a status.Error about the field that says why.
func refused(t *testing.T, rules Rules, given, want string) {
	t.Helper()
	e, err := rules.ParseEndpoint(field, given)
	var refusal *status.Error
	switch {
	case err == nil:
		t.Errorf("%q is taken as %s", given, e.URL())
	case !errors.As(err, &refusal) || refusal.Code != status.Invalid || refusal.Field != field:
		t.Errorf("%q: got %#v, want an error about %s", given, err, field)
	case !strings.Contains(refusal.Message, want):
		t.Errorf("%q: got %q, want it to say %q", given, refusal.Message, want)
	}
}

func TestLoopbackIsTakenOnAnyPortOnlyWhenAllowed(t *testing.T) {
	for _, given := range []string{
		"http://127.0.0.1:8080/in", "https://127.0.0.1:8443/in", "http://localhost:9000/in", "http://[::1]:9000/in", "http://localhost/in",
	} {
		if e, err := (Rules{AllowLoopback: true}).ParseEndpoint(field, given); err != nil || e.URL() != given {
			t.Errorf("%s: got %s, %v", given, e.URL(), err)
		}
		if _, err := (Rules{}).ParseEndpoint(field, given); err == nil {
			t.Errorf("%s is taken in production", given)
		}
	}
	for given, want := range map[string]string{
		"http://hooks.example.com/":       "must use https",
		"https://hooks.example.com:8443/": "must use port 443",
		"http://169.254.169.254/":         "metadata",
		"http://10.0.0.1:8080/":           "private",
		"http://127.1:8080/":              "unusual way",
		"http://[::ffff:127.0.0.1]:80/":   "IPv4-mapped",
		"http://a.localhost/":             "localhost",
		"ftp://localhost/":                "must use https",
	} {
		refused(t, Rules{AllowLoopback: true}, given, want)
	}
}

func TestAConnectionGoesToPort443OfAPublicAddress(t *testing.T) {
	for _, c := range []struct {
		rules  Rules
		target string
		want   bool
	}{
		{Rules{}, "8.8.8.8:443", true},
		{Rules{}, "[2606:4700:4700::1111]:443", true},
		{Rules{}, "8.8.8.8:80", false},
		{Rules{}, "127.0.0.1:443", false},
		{Rules{}, "[fe80::1%eth0]:443", false},
		{Rules{AllowLoopback: true}, "127.0.0.1:8080", true},
		{Rules{AllowLoopback: true}, "[::1]:8080", true},
		{Rules{AllowLoopback: true}, "8.8.8.8:8080", false},
		{Rules{AllowLoopback: true}, "10.0.0.1:443", false},
		{Rules{AllowLoopback: true}, "[::ffff:127.0.0.1]:443", false},
	} {
		err := c.rules.CheckConnection(netip.MustParseAddrPort(c.target))
		if got := err == nil; got != c.want {
			t.Errorf("%+v %s: got %v, want taken: %v", c.rules, c.target, err, c.want)
		}
	}
	if err := (Rules{}).CheckAddress(netip.Addr{}); err == nil {
		t.Error("no address at all is taken for a public one")
	}
}

func TestAnEndpointShowsItsHostAndNotItsSecret(t *testing.T) {
	e, err := Rules{}.ParseEndpoint(field, "https://hooks.example.com/secret?key=secret")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("posted", "endpoint", e)
	for _, shown := range []string{log.String(), fmt.Sprint(e), fmt.Sprintf("%v %s", e, e)} {
		if strings.Contains(shown, "secret") || !strings.Contains(shown, "hooks.example.com") {
			t.Errorf("got %s", shown)
		}
	}
}

func TestTheKindIsToldFromTheAddress(t *testing.T) {
	for given, want := range map[string]Kind{
		"https://hooks.slack.com/services/T0/B0/x":                                       Slack,
		"https://hooks.slack.com/triggers/T0/1/x":                                        Plain,
		"https://hooks.slack-gov.com/services/T0/B0/x":                                   Slack,
		"https://hooks.slack.com.example.com/services/T0/B0/x":                           Plain,
		"https://acme.webhook.office.com/webhookb2/x":                                    Teams,
		"https://webhook.office.com/webhookb2/x":                                         Plain,
		"https://acme.webhook.office.com.example.com/webhookb2/x":                        Plain,
		"https://outlook.office.com/webhook/a@b/IncomingWebhook/c/d":                     Teams,
		"https://outlook.office365.com/webhook/a@b/IncomingWebhook/c/d":                  Teams,
		"https://outlook.office.com/mail/webhook/":                                       Plain,
		"https://outlook.office.com.example.com/webhook/a@b":                             Plain,
		"https://prod-12.westus.logic.azure.com:443/workflows/1/triggers/manual?sig=a":   Teams,
		"https://default1.2.environment.api.powerplatform.com/powerautomate/workflows/1": Teams,
		"https://discord.com/api/webhooks/1/x":                                           Discord,
		"https://discordapp.com/api/webhooks/1/x?wait=true":                              Discord,
		"https://canary.discord.com/api/v10/webhooks/1/x":                                Discord,
		"https://discord.com/api/webhooks/1/x/slack":                                     Plain,
		"https://discord.com/channels/1/2":                                               Plain,
		"https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t":                 GoogleChat,
		"https://chat.example.com/hooks/x":                                               Plain,
	} {
		e, err := Rules{}.ParseEndpoint(field, given)
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		if got := KindOf(e); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
	for _, kind := range Kinds() {
		if !kind.Valid() || kind.Chat() == (kind == Plain) {
			t.Errorf("%s: valid %t, chat %t", kind, kind.Valid(), kind.Chat())
		}
	}
	if Kind("sms").Valid() || Kind("sms").Chat() {
		t.Error("an unknown kind is valid")
	}
}

func TestAConnectorOfTeamsThatSaysNoWithStatus200IsUnderstood(t *testing.T) {
	const failed = "Webhook message delivery failed with error: "
	for _, c := range []struct {
		endpoint, text string
		code, want     int
	}{
		{"https://acme.webhook.office.com/webhookb2/x", "1", 200, 200},
		{"https://acme.webhook.office.com/webhookb2/x", "", 200, 200},
		{"https://acme.webhook.office.com/webhookb2/x", failed + "Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0,server=x,cv=y..", 200, 429},
		{"https://outlook.office.com/webhook/a@b/IncomingWebhook/c/d", failed + "Microsoft Teams endpoint returned HTTP error 413 with ContextId tcid=0", 200, 413},
		{"https://acme.webhook.office.com/webhookb2/x", failed + "Error contacting Microsoft Teams endpoint", 200, 502},
		{"https://acme.webhook.office.com/webhookb2/x", failed + "HTTP error 204", 200, 502},
		{"https://acme.webhook.office.com/webhookb2/x", failed + "HTTP error 99999", 200, 502},
		{"https://acme.webhook.office.com/webhookb2/x", failed + "Microsoft Teams endpoint returned HTTP error 413", 503, 503},
		{"https://prod-12.westus.logic.azure.com/workflows/1/triggers/manual?sig=a", failed + "HTTP error 429", 202, 202},
		{"https://hooks.example.com/in", failed + "HTTP error 429", 200, 200},
	} {
		e, err := Rules{}.ParseEndpoint(field, c.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Meant(c.code, []byte(c.text)); got != c.want {
			t.Errorf("%s, %d %q: got %d, want %d", c.endpoint, c.code, c.text, got, c.want)
		}
	}
}
