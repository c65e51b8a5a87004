package loop

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"allclear/internal/stream"
	"allclear/internal/wiring"
)

// function is a function with what the wiring says of it.
type function struct {
	wiring.Function
	run     Function
	options *Options
}

// grace is how long a function that was told to stop may take to do so before it is left alone.
const grace = 2 * time.Second

// account stands for the AWS account in what local events say of themselves.
const account = "000000000000"

func (f function) arn() string {
	return "arn:aws:lambda:" + stream.Region + ":" + account + ":function:" + f.Name
}

// asynchronously invokes the function and tries again as often as an asynchronous invocation is; then
// it gives up and tells the destination. It is false when ctx ended before either.
func (f function) asynchronously(ctx context.Context, payload []byte) bool {
	for failures := 1; ; failures++ {
		_, err := f.invoke(ctx, payload)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		f.options.Logger.WarnContext(ctx, "asynchronous invocation failed", "function", f.Name, "failures", failures, "error", err)
		if failures > f.Retries {
			f.giveUp(ctx, f.OnFailure, Failure{
				RequestContext: RequestContext{Condition: asyncRetriesExhausted, ApproximateInvokeCount: failures},
				RequestPayload: payload,
			})
			return ctx.Err() == nil // else it is not known whether it was heard of
		}
		if !f.options.pause(ctx, failures) {
			return false
		}
	}
}

// invoke runs the function once, within its timeout. A panic and an answer after the timeout are
// failures. Nothing is known of a function that does not stop when told to: it is left running.
func (f function) invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID: f.options.NewID(), InvokedFunctionArn: f.arn(),
	})
	type result struct {
		answer []byte
		err    error
	}
	results := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
			results <- r
		}()
		r.answer, r.err = f.run(ctx, payload)
	}()
	select {
	case r := <-results:
		return r.answer, r.err
	case <-ctx.Done():
	}
	ended := "timed out after " + f.Timeout.String()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		ended = "interrupted"
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case r := <-results:
		if r.err != nil {
			return nil, fmt.Errorf("%s: %w", ended, r.err)
		}
		return nil, errors.New(ended)
	case <-timer.C:
		return nil, errors.New(ended + ", and it still runs")
	}
}
