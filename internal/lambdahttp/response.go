package lambdahttp

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// recorder is the http.ResponseWriter of one request. Like net/http's it takes the header as it is
// at the first write, guesses a missing content type, and sends no body where none may be.
type recorder struct {
	header http.Header
	head   bool // the request's method is HEAD
	status int  // 0 until the header is written
	sent   http.Header
	body   bytes.Buffer
}

// Header is the header to be sent with the first write.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader fixes status and header. Informational answers do not pass API Gateway and are ignored.
func (w *recorder) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid status %d", status))
	}
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	w.sent = w.header.Clone()
}

// Write adds to the body.
func (w *recorder) Write(b []byte) (int, error) {
	w.Flush()
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(b)
}

// Flush fixes the header; the body still goes out in one piece.
func (w *recorder) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

func (w *recorder) response() events.APIGatewayV2HTTPResponse {
	w.Flush()
	body := w.body.Bytes()
	_, typed := w.sent["Content-Type"]
	encoded := w.sent.Get("Content-Encoding") != ""
	if !typed && !encoded && len(body) > 0 {
		w.sent.Set("Content-Type", http.DetectContentType(body))
	}
	response := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Cookies: w.sent.Values("Set-Cookie")}
	w.sent.Del("Set-Cookie")
	w.sent.Del("Content-Length") // API Gateway counts by itself
	response.Headers = joined(w.sent)
	switch {
	case w.head || len(body) == 0:
	case !encoded && isText(w.sent.Get("Content-Type")) && utf8.Valid(body):
		response.Body = string(body)
	default:
		response.Body, response.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return response
}
