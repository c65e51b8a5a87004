package ses

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"allclear/internal/mailer"
)

// outcome says what an error of the SDK means for a message from an address. Only an answer of SES with an error
// code of the client's kind, or that no connection came about, proves that the message was not taken.
// https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html
// https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
func outcome(err error, from string) mailer.Outcome {
	api, answered := errors.AsType[smithy.APIError](err)
	if !answered {
		return unanswered(err)
	}
	code, text := api.ErrorCode(), strings.ToLower(api.ErrorMessage())
	switch code {
	case "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown":
		if strings.Contains(text, "daily") || strings.Contains(text, "quota") && !strings.Contains(text, "rate") {
			return mailer.Exhausted
		}
		return mailer.Throttled
	case "LimitExceededException":
		return mailer.Exhausted
	case "MessageRejected":
		// Also what SES says of an account that it stopped.
		if strings.Contains(text, "sending paused") || strings.Contains(text, "sending suspended") || strings.Contains(text, "account is shut down") {
			return mailer.Parked
		}
		// Whose address is not verified is named: the sender's is the same for everybody.
		if strings.Contains(text, "not verified") && strings.Contains(text, strings.ToLower(from)) {
			return mailer.Parked
		}
		return mailer.Rejected
	case "InvalidParameterValue", "InvalidParameterCombination", "InvalidParameter", "ValidationError", "ValidationException", "MalformedInput":
		return mailer.Rejected
	case "AccountSendingPausedException", "ConfigurationSetSendingPausedException", "ConfigurationSetDoesNotExist",
		"ConfigurationSetDoesNotExistException", "MailFromDomainNotVerifiedException", "FromEmailAddressNotVerified",
		"FromEmailAddressNotVerifiedException", "ProductionAccessNotGranted":
		return mailer.Parked
	case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture", "ExpiredToken", "ExpiredTokenException":
		return mailer.Deferred // the next call is signed anew
	case "UnknownError":
		return mailer.Unknown // the SDK's word for an answer without a code, perhaps not SES's
	}
	// What remains with a client's status is about rights, signatures and clocks: the same for every
	// message. A server's error may come after the message was taken.
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		if status := response.HTTPStatusCode(); status >= http.StatusBadRequest && status < http.StatusInternalServerError && status != http.StatusRequestTimeout {
			return mailer.Parked
		}
	}
	return mailer.Unknown
}

// unanswered says what is known when SES did not answer, or nothing that could be understood.
func unanswered(err error) mailer.Outcome {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return mailer.Deferred // no connection, so nothing went out
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return mailer.Deferred
	}
	return mailer.Unknown
}
