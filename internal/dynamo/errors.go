package dynamo

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"allclear/internal/table"
)

// Codes of cancellation reasons.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const (
	reasonCondition  = "ConditionalCheckFailed"
	reasonConflict   = "TransactionConflict"
	reasonValidation = "ValidationError"
	reasonTooLarge   = "ItemCollectionSizeLimitExceeded"
)

// mapError gives an error of the SDK the meaning it has for the port. It stays inside, so that
// a cancelled context and the request id are still found there.
func mapError(err error) error {
	var cancelled *types.TransactionCanceledException
	var conflict *types.TransactionConflictException
	var inProgress *types.TransactionInProgressException
	var api smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &cancelled):
		return mapReasons(cancelled, err)
	case errors.As(err, &conflict), errors.As(err, &inProgress):
		return fmt.Errorf("%w: %w", table.ErrContention, err)
	case errors.As(err, &api) && api.ErrorCode() == "ValidationException":
		return fmt.Errorf("%w: %w", table.ErrInvalid, err)
	default:
		return err
	}
}

// mapReasons judges by what is worst of the reasons. Throttling and failures of the service are no
// contention: to write again at once would make them worse.
func mapReasons(cancelled *types.TransactionCanceledException, err error) error {
	found := map[string]bool{}
	for _, r := range cancelled.CancellationReasons {
		found[reasonCode(r)] = true
	}
	switch {
	case found[reasonConflict]:
		return fmt.Errorf("%w: %w", table.ErrContention, err)
	case found[reasonValidation], found[reasonTooLarge]:
		return fmt.Errorf("%w: %w", table.ErrInvalid, err)
	default:
		return err
	}
}

func reasonCode(r types.CancellationReason) string {
	if r.Code == nil {
		return ""
	}
	return *r.Code
}

// failedConditions are the cancellation reasons of a write, one for each action, if a condition
// of any of them did not hold and nothing was in the way.
func failedConditions(err error) []types.CancellationReason {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return nil
	}
	failed := false
	for _, r := range cancelled.CancellationReasons {
		switch reasonCode(r) {
		case reasonConflict: // the first condition that does not hold may not be known yet
			return nil
		case reasonCondition:
			failed = true
		}
	}
	if !failed {
		return nil
	}
	return cancelled.CancellationReasons
}
