package s3

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"allclear/internal/bucket"
)

// mapError gives an error of the SDK the meaning it has for the port. It stays inside, so that a
// cancelled context and the request id are still found there.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func mapError(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		// The latter is for HEAD, whose answer has no body. NoSuchBucket is neither: it is a mistake
		// of the deployment, not an absent object.
		if code := api.ErrorCode(); code == "NoSuchKey" || code == "NotFound" {
			return fmt.Errorf("%w: %w", bucket.ErrNotFound, err)
		}
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		switch response.HTTPStatusCode() {
		case http.StatusPreconditionFailed:
			return fmt.Errorf("%w: %w", bucket.ErrPrecondition, err)
		case http.StatusConflict:
			return fmt.Errorf("%w: %w", bucket.ErrConflict, err)
		}
	}
	return err
}

// mapPutError is mapError for a put: there If-Match is what finds no object.
func mapPutError(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "NoSuchKey" {
		return fmt.Errorf("%w: %w", bucket.ErrPrecondition, err)
	}
	return mapError(err)
}
