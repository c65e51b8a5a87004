// Package lambdahttp carries HTTP requests between API Gateway and an ordinary http.Handler: events
// of HTTP APIs in payload format 2.0, in both directions. A handler cannot tell whether it runs
// behind net/http or behind this. It decides nothing about a request; whoever has an http.Handler
// and wants it on Lambda calls Handler.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
package lambdahttp

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"allclear/internal/guard"
)

// Handler makes a Lambda handler of h. A panic in h, and an event that is no request, become an
// answer; the function itself never fails.
func Handler(h http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		r, err := Request(ctx, event)
		if err != nil {
			slog.ErrorContext(ctx, "event is no request", "request", event.RequestContext.RequestID, "error", err)
			return refusal(http.StatusBadRequest, "The request cannot be read"), nil
		}
		w := recorder{header: make(http.Header), head: r.Method == http.MethodHead}
		if err := guard.Call(func() error { h.ServeHTTP(&w, r); return nil }); err != nil {
			slog.ErrorContext(ctx, "request not served", "request", event.RequestContext.RequestID, "error", err)
			return refusal(http.StatusInternalServerError, "Something went wrong on our side"), nil
		}
		return w.response(), nil
	}
}

// refusal has the two members of every error of the operator API.
func refusal(status int, message string) events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"content-type": "application/json; charset=utf-8"},
		Body:       fmt.Sprintf("{%q:%q,%q:%q}\n", "message", message, "error", http.StatusText(status)),
	}
}

type requestIDKey struct{}

// RequestID is API Gateway's id of the request being served, the one that the caller finds in the
// answer's apigw-requestid; empty behind net/http.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// isText tells which bodies API Gateway carries as they are. It carries all others as base64.
func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml")
}
