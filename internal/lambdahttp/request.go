package lambdahttp

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// Request is the request that an event carries, as net/http would give it to a handler: Host apart
// from the header, RemoteAddr the caller's address with port 0, the path with its percent escapes in
// URL.RawPath where they matter.
func Request(ctx context.Context, event events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := event.Body
	if event.IsBase64Encoded {
		b, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, fmt.Errorf("read body of event: %w", err)
		}
		body = string(b)
	}
	uri := escapedPath(event)
	if event.RawQueryString != "" {
		uri += "?" + event.RawQueryString
	}
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, fmt.Errorf("read path of event: %w", err)
	}
	header := make(http.Header, len(event.Headers)+1)
	for name, v := range event.Headers {
		header.Set(name, v)
	}
	if len(event.Cookies) > 0 {
		header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	host := header.Get("Host")
	if host == "" {
		host = event.RequestContext.DomainName
	}
	header.Del("Host")
	r := &http.Request{
		Method: event.RequestContext.HTTP.Method,
		URL:    u, RequestURI: uri, Host: host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(len(body)),
		Body:          http.NoBody,
	}
	if body != "" {
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	if ip := event.RequestContext.HTTP.SourceIP; ip != "" {
		r.RemoteAddr = net.JoinHostPort(ip, "0")
	}
	return r.WithContext(context.WithValue(ctx, requestIDKey{}, event.RequestContext.RequestID)), nil
}

// escapedPath is the path without the stage, which only $default keeps out of it. What is not
// escaped as a URL wants it is taken literally.
func escapedPath(event events.APIGatewayV2HTTPRequest) string {
	path := event.RawPath
	if stage := event.RequestContext.Stage; stage != "" && stage != "$default" {
		if rest, ok := strings.CutPrefix(path, "/"+stage); ok && (rest == "" || rest[0] == '/') {
			path = rest
		}
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		return (&url.URL{Path: path}).EscapedPath()
	}
	return (&url.URL{Path: unescaped, RawPath: path}).EscapedPath()
}

// Event is the reverse of Request: the event that API Gateway would make of r on the $default stage.
// It reads the whole body of r. Time and request id are empty.
func Event(r *http.Request) (events.APIGatewayV2HTTPRequest, error) {
	body, err := readBody(r)
	if err != nil {
		return events.APIGatewayV2HTTPRequest{}, err
	}
	event := events.APIGatewayV2HTTPRequest{
		Version:               "2.0",
		RouteKey:              "$default",
		RawPath:               r.URL.EscapedPath(),
		RawQueryString:        r.URL.RawQuery,
		Headers:               joined(r.Header),
		QueryStringParameters: parameters(r.URL.Query()),
		Body:                  string(body),
	}
	event.Headers["host"] = r.Host
	delete(event.Headers, "cookie")
	for _, line := range r.Header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				event.Cookies = append(event.Cookies, cookie)
			}
		}
	}
	if len(body) > 0 && !(isText(r.Header.Get("Content-Type")) && utf8.Valid(body)) {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	event.RequestContext = requestContext(r)
	return event, nil
}

func requestContext(r *http.Request) events.APIGatewayV2HTTPRequestContext {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = r.RemoteAddr
	}
	prefix, _, _ := strings.Cut(r.Host, ".")
	return events.APIGatewayV2HTTPRequestContext{
		RouteKey: "$default", Stage: "$default", AccountID: "000000000000", APIID: "local",
		DomainName: r.Host, DomainPrefix: prefix,
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method: r.Method, Path: r.URL.EscapedPath(), Protocol: "HTTP/1.1",
			SourceIP: ip, UserAgent: r.UserAgent(),
		},
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read body of request: %w", err)
	}
	return b, nil
}

// joined is a header with lower-case names and one value each.
func joined(header http.Header) map[string]string {
	m := make(map[string]string, len(header)+1)
	for name, values := range header {
		if len(values) > 0 {
			m[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	return m
}

func parameters(query url.Values) map[string]string {
	if len(query) == 0 {
		return nil
	}
	m := make(map[string]string, len(query))
	for name, values := range query {
		m[name] = strings.Join(values, ",")
	}
	return m
}
