package cloud

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// FunctionError is a function's refusal or failure: it ran, and this is what it said.
type FunctionError struct {
	Function string
	Kind     string // "errorString", "Sandbox.Timedout"; "" when it did not say
	Message  string
}

func (e *FunctionError) Error() string { return e.Function + ": " + e.Message }

// Invoke runs a deployed function with a payload and waits for its answer. log is the end of what
// it logged, at most 4 KB, also when it failed. A function that ran and failed is a *FunctionError.
// A call that got no answer is not repeated: the function may have done its work.
func (d *Deployment) Invoke(ctx context.Context, function string, payload []byte) (answer []byte, log string, err error) {
	name := d.function(function)
	out, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &name, InvocationType: types.InvocationTypeRequestResponse, LogType: types.LogTypeTail, Payload: payload,
	}, func(o *lambda.Options) { o.RetryMaxAttempts = 1 })
	if absent := (*types.ResourceNotFoundException)(nil); errors.As(err, &absent) {
		return nil, "", fmt.Errorf("stage %s has no function %s", d.Stage, function)
	}
	if err != nil {
		return nil, "", fmt.Errorf("invoke %s: %w", name, Explain(err))
	}
	if tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult)); err == nil {
		log = string(tail)
	}
	if out.FunctionError != nil {
		return nil, log, functionError(name, out.Payload)
	}
	return out.Payload, log, nil
}

// functionError reads what Lambda makes of a function's error.
// https://docs.aws.amazon.com/lambda/latest/dg/golang-exceptions.html
func functionError(name string, payload []byte) *FunctionError {
	var e struct {
		Message string `json:"errorMessage"`
		Kind    string `json:"errorType"`
	}
	if json.Unmarshal(payload, &e) != nil || e.Message == "" {
		return &FunctionError{Function: name, Message: "it failed without saying why; its log may tell"}
	}
	return &FunctionError{Function: name, Kind: e.Kind, Message: e.Message}
}
