package cloud

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"
)

var errNoCredentials = errors.New("there are no AWS credentials that work: sign in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")

// Explained is an error of AWS in a sentence that says what to do. The error itself stays inside.
type Explained struct {
	Message string
	Err     error
}

func (e *Explained) Error() string { return e.Message }
func (e *Explained) Unwrap() error { return e.Err }

// Explain puts what AWS says about credentials, rights and connections into one sentence. Any
// other error is returned as it is.
func Explain(err error) error {
	if explained := (*Explained)(nil); err == nil || errors.As(err, &explained) {
		return err
	}
	if message := sentence(err); message != "" {
		return &Explained{Message: message, Err: err}
	}
	return err
}

// sentence is "" for what needs no other words. Codes:
// https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html and those of S3 and DynamoDB.
func sentence(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch code := api.ErrorCode(); code {
		case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden":
			return "AWS does not allow it: " + strings.TrimSuffix(said(api, "access denied"), ".")
		case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
			return "the AWS credentials have expired: sign in again"
		case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidSignatureException",
			"SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken":
			return fmt.Sprintf("AWS does not accept the credentials (%s): check AWS_PROFILE, the keys and this machine's clock", code)
		case "ResourceNotFoundException":
			return "AWS does not know it: " + strings.TrimSuffix(said(api, "not found"), ".")
		}
		return ""
	}
	// Only what a call to AWS met: a port that is taken and a file that is not there are errors of
	// the network's kind to Go, too.
	if call, ok := errors.AsType[*smithy.OperationError](err); ok {
		if network := net.Error(nil); errors.As(call, &network) {
			return fmt.Sprintf("AWS cannot be reached: %v", network)
		}
	}
	return ""
}

func said(api smithy.APIError, otherwise string) string {
	if m := api.ErrorMessage(); m != "" {
		return m
	}
	return otherwise
}
