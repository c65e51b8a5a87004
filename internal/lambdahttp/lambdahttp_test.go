package lambdahttp_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/lambdahttp"
)

// mirror answers with everything that a handler can see of a request, and answers in odd ways
// under a few paths.
func mirror() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/pages/{page}/rest/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "page %q rest %q\n", r.PathValue("page"), r.PathValue("rest"))
		describe(w, r)
	})
	mux.HandleFunc("/binary", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write([]byte("\x89PNG\r\n\x1a\n\x00\xff"))
	})
	mux.HandleFunc("/svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = io.WriteString(w, "<svg>é</svg>")
	})
	mux.HandleFunc("/encoded", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Encoding", "x-test")
		_, _ = io.WriteString(w, "pretend")
	})
	mux.HandleFunc("/cookies", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2", HttpOnly: true})
		w.Header().Add("Vary", "Accept")
		w.Header().Add("Vary", "Cookie")
		w.WriteHeader(http.StatusCreated)
		for _, c := range r.Cookies() {
			fmt.Fprintf(w, "%s=%s;", c.Name, c.Value)
		}
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "yes")
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "<!doctype html>")
	})
	mux.HandleFunc("/notmodified", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"x"`)
		w.WriteHeader(http.StatusNotModified)
		if _, err := io.WriteString(w, "body"); !errors.Is(err, http.ErrBodyNotAllowed) {
			panic("a body was allowed")
		}
	})
	mux.HandleFunc("/limited", func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10))
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		}
	})
	mux.HandleFunc("/", describe)
	return mux
}

func describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	body, err := io.ReadAll(r.Body)
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	fmt.Fprintf(w, "%s %s path %q escaped %q query %q host %v from %s length %d read %v\n", r.Method, r.RequestURI,
		r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.Host != "", host, r.ContentLength, err)
	var lines []string
	for name, values := range r.Header {
		lines = append(lines, name+": "+strings.Join(values, ","))
	}
	sort.Strings(lines)
	fmt.Fprintf(w, "%s\n%q\n", strings.Join(lines, "\n"), body)
}

// throughLambda serves h as API Gateway and Lambda would: each request becomes an event in JSON,
// and the JSON of the answer a response.
func throughLambda(t *testing.T, h http.Handler) http.Handler {
	function := lambda.NewHandler(lambdahttp.Handler(h))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := lambdahttp.Event(r)
		if err != nil {
			t.Error(err)
			return
		}
		payload, err := json.Marshal(event)
		if err != nil {
			t.Error(err)
			return
		}
		out, err := function.Invoke(r.Context(), payload)
		if err != nil {
			t.Error(err)
			return
		}
		var response events.APIGatewayV2HTTPResponse
		if err := json.Unmarshal(out, &response); err != nil {
			t.Error(err)
			return
		}
		reply(t, w, response)
	})
}

func reply(t *testing.T, w http.ResponseWriter, response events.APIGatewayV2HTTPResponse) {
	for name, value := range response.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range response.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		b, err := base64.StdEncoding.DecodeString(response.Body)
		if err != nil {
			t.Error(err)
		}
		body = b
	}
	w.WriteHeader(response.StatusCode)
	if len(body) > 0 {
		_, _ = w.Write(body)
	}
}

// exchange sends a raw request and gives the answer without what servers add by themselves.
func exchange(t *testing.T, server *httptest.Server, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for name, values := range response.Header {
		if name != "Date" && name != "Content-Length" && name != "Connection" {
			lines = append(lines, name+": "+strings.Join(values, separator(name)))
		}
	}
	sort.Strings(lines)
	return fmt.Sprintf("%d\n%s\n\n%s", response.StatusCode, strings.Join(lines, "\n"), body)
}

func separator(name string) string {
	if name == "Set-Cookie" {
		return " | "
	}
	return ","
}

func TestAHandlerCannotTellLambdaFromAServer(t *testing.T) {
	direct := httptest.NewServer(mirror())
	defer direct.Close()
	lambda := httptest.NewServer(throughLambda(t, mirror()))
	defer lambda.Close()
	form := "component[name]=a+b&component[name]=%C3%A9"
	for name, request := range map[string]string{
		"a plain GET":               get("/"),
		"a query with everything":   get("/a?b=1&b=2&c=%20%26+x&d&=e&f=a,b"),
		"an escaped slash":          get("/v1/pages/a%2Fb/rest/c%2Fd/e%20f"),
		"an escaped percent":        get("/v1/pages/100%25/rest/%2525"),
		"unicode in the path":       get("/v1/pages/caf%C3%A9/rest/%E2%9C%93"),
		"a star and a colon":        get("/x*y:z@!$'(),;=~"),
		"repeated headers":          get("/", "Accept: text/html", "Accept: application/json", "X-Odd:  a, b "),
		"cookies in two lines":      get("/cookies", "Cookie: a=1; b=2", "Cookie: c=3"),
		"a JSON body":               post("/", `{"incident":{"name":"é"}}`, "Content-Type: application/json"),
		"a form":                    post("/", form, "Content-Type: application/x-www-form-urlencoded"),
		"a body without a type":     post("/", "name=x"),
		"a binary body":             post("/", "\x00\xff\xfe", "Content-Type: application/octet-stream"),
		"broken UTF-8 in JSON":      post("/", "\"\xff\"", "Content-Type: application/json"),
		"an empty body":             post("/", "", "Content-Type: application/json"),
		"a body within the limit":   post("/limited", "0123456789"),
		"a body over the limit":     post("/limited", "0123456789a"),
		"a body that is ignored":    post("/empty", "x"),
		"an image":                  get("/binary"),
		"an SVG":                    get("/svg"),
		"an encoded body":           get("/encoded"),
		"no body":                   get("/empty"),
		"nothing at all":            get("/silent"),
		"header after status":       get("/late"),
		"304":                       get("/notmodified"),
		"HEAD":                      strings.Replace(get("/svg"), "GET", "HEAD", 1),
		"HEAD with a guessed type":  strings.Replace(get("/late"), "GET", "HEAD", 1),
		"DELETE":                    strings.Replace(get("/a"), "GET", "DELETE", 1),
		"an unknown method":         strings.Replace(get("/a"), "GET", "PURGE", 1),
		"a redirect by the handler": get("/v1//pages"),
	} {
		t.Run(name, func(t *testing.T) {
			want, got := exchange(t, direct, request), exchange(t, lambda, request)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("answer (-server +lambda):\n%s", d)
			}
		})
	}
}

func get(path string, headers ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: status.example\r\n" + lines(headers) + "\r\n"
}

func post(path, body string, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: status.example\r\nContent-Length: %d\r\n%s\r\n%s", path, len(body), lines(headers), body)
}

func lines(headers []string) string {
	var b strings.Builder
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return b.String()
}

func invoke(t *testing.T, h http.Handler, event events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	response, err := lambdahttp.Handler(h)(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func request(path string) events.APIGatewayV2HTTPRequest {
	event := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path}
	event.RequestContext.HTTP.Method = "GET"
	event.RequestContext.HTTP.SourceIP = "2001:db8::1"
	event.RequestContext.Stage = "$default"
	event.RequestContext.RequestID = "r-1"
	return event
}

func TestTextIsCarriedPlainAndTheRestAsBase64(t *testing.T) {
	for path, want := range map[string]struct {
		body   string
		base64 bool
	}{
		"/binary":  {"iVBORw0KGgoA/w==", true},
		"/svg":     {"<svg>é</svg>", false},
		"/encoded": {"cHJldGVuZA==", true},
		"/empty":   {"", false},
	} {
		got := invoke(t, mirror(), request(path))
		if got.Body != want.body || got.IsBase64Encoded != want.base64 {
			t.Errorf("%s: got %q (base64 %v), want %q (base64 %v)", path, got.Body, got.IsBase64Encoded, want.body, want.base64)
		}
	}
}

func TestHEADHasNoBodyInItsAnswer(t *testing.T) {
	event := request("/svg")
	event.RequestContext.HTTP.Method = "HEAD"
	if got := invoke(t, mirror(), event); got.Body != "" || got.Headers["content-type"] != "image/svg+xml" {
		t.Errorf("got body %q of type %q, want none of type image/svg+xml", got.Body, got.Headers["content-type"])
	}
}

func TestTheCallersAddressAndTheRequestIDReachTheHandler(t *testing.T) {
	var from, id string
	invoke(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		from, id = r.RemoteAddr, lambdahttp.RequestID(r.Context())
	}), request("/"))
	if want := "[2001:db8::1]:0"; from != want {
		t.Errorf("got address %s, want %s", from, want)
	}
	if id != "r-1" {
		t.Errorf("got request id %q, want r-1", id)
	}
}

func TestThePathIsTakenAsTheGatewayGivesIt(t *testing.T) {
	for _, c := range []struct{ stage, raw, path, escaped string }{
		{"$default", "/v1/pages", "/v1/pages", "/v1/pages"},
		{"$default", "", "/", "/"},
		{"$default", "/a%2Fb", "/a/b", "/a%2Fb"},
		{"$default", "/a b", "/a b", "/a%20b"},
		{"$default", "/100%", "/100%", "/100%25"},
		{"$default", "/a?b", "/a?b", "/a%3Fb"},
		{"$default", "//x", "//x", "//x"},
		{"prod", "/prod/v1", "/v1", "/v1"},
		{"prod", "/prod", "/", "/"},
		{"prod", "/production", "/production", "/production"},
	} {
		event := request(c.raw)
		event.RequestContext.Stage = c.stage
		r, err := lambdahttp.Request(t.Context(), event)
		if err != nil {
			t.Errorf("%q: %v", c.raw, err)
			continue
		}
		if r.URL.Path != c.path || r.URL.EscapedPath() != c.escaped || r.URL.Host != "" {
			t.Errorf("%q: got path %q escaped %q host %q, want %q and %q", c.raw, r.URL.Path, r.URL.EscapedPath(), r.URL.Host, c.path, c.escaped)
		}
	}
}

func TestAPanicAndAnUnreadableEventAreAnsweredInJSON(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(before) })
	broken := request("/")
	broken.Body, broken.IsBase64Encoded = "*", true
	for name, c := range map[string]struct {
		event  events.APIGatewayV2HTTPRequest
		status int
	}{
		"a panic":      {request("/"), http.StatusInternalServerError},
		"a bad base64": {broken, http.StatusBadRequest},
	} {
		got := invoke(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("out of bounds") }), c.event)
		if got.StatusCode != c.status {
			t.Errorf("%s: got status %d, want %d", name, got.StatusCode, c.status)
		}
		var body map[string]string
		if err := json.Unmarshal([]byte(got.Body), &body); err != nil || body["message"] == "" || body["error"] == "" {
			t.Errorf("%s: got body %q, want JSON with message and error", name, got.Body)
		}
		if strings.Contains(got.Body, "bounds") {
			t.Errorf("%s: got internal detail in the body %q", name, got.Body)
		}
	}
}

func TestABodyThatBreaksOffIsAnError(t *testing.T) {
	r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("a"), broken{}))
	if _, err := lambdahttp.Event(r); err == nil {
		t.Error("got no error, want one")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func FuzzRequest(f *testing.F) {
	f.Add("/v1/a%2Fb", "a=b&c", "$default", []byte("x"))
	f.Add("/%zz", "%zz", "prod", []byte{0xff})
	f.Fuzz(func(t *testing.T, path, query, stage string, body []byte) {
		event := request(path)
		event.RawQueryString, event.RequestContext.Stage = query, stage
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
		r, err := lambdahttp.Request(t.Context(), event)
		if err != nil {
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/") || r.URL.Host != "" || r.URL.Scheme != "" {
			t.Errorf("got URL %#v, want a rooted path alone", r.URL)
		}
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("got body %q, %v, want %q", got, err, body)
		}
	})
}
