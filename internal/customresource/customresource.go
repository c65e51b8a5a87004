// Package customresource is the envelope of a CloudFormation custom resource: it hands a request
// over and sees to it that its URL is always answered, whatever happens, since a stack that is
// not answered hangs for an hour. What a resource is, internal/setup knows.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
package customresource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/cfn"

	"allclear/internal/guard"
	"allclear/internal/status"
)

// Request is what CloudFormation asks for.
type Request struct {
	Kind       Kind
	Type       string          // of the resource, such as Custom::Site
	Properties json.RawMessage // those of the template
}

// Kind is what is to be done with a resource.
type Kind string

// The kinds of request.
const (
	Create Kind = "Create"
	Update Kind = "Update"
	Delete Kind = "Delete"
)

// Answer is what a resource became. Its id must be the same for every request of a resource, also
// for one that failed: a new id makes CloudFormation delete the old resource.
type Answer struct {
	ID     string
	Data   map[string]any // what Fn::GetAtt finds
	Secret bool           // Data is not to be shown
}

// Options of a Handler; the zero value is a good one.
type Options struct {
	Logger *slog.Logger                               // nil is slog.Default()
	Send   func(context.Context, *cfn.Response) error // nil sends over HTTP
}

const (
	// reserve is how long before the function's own end a request is given up, so that there is
	// time to say so.
	reserve = 15 * time.Second
	// sendAttempts bounds how often an answer is sent: without it the stack hangs.
	sendAttempts = 3
	// maxReason is what of an error is told. An answer may have 4096 bytes in all.
	maxReason = 1000
)

// Handler makes a Lambda handler of what does the work. do gets a context that ends before the
// function does. Its error fails the deployment, and its text is what the operator reads there.
// Requests may come twice; do must be harmless then. The handler itself fails only where no
// answer could be sent, so that Lambda tries again.
func Handler(do func(context.Context, Request) (Answer, error), o Options) func(context.Context, cfn.Event) error {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Send == nil {
		o.Send = func(_ context.Context, r *cfn.Response) error { return r.Send() }
	}
	return func(ctx context.Context, e cfn.Event) error {
		answer, err := attempt(ctx, do, e)
		response := cfn.NewResponse(&e)
		response.Status, response.PhysicalResourceID = cfn.StatusSuccess, answer.ID
		response.Data, response.NoEcho = answer.Data, answer.Secret
		if response.PhysicalResourceID == "" {
			response.PhysicalResourceID = e.LogicalResourceID
		}
		if err != nil {
			o.Logger.ErrorContext(ctx, "custom resource failed", "resource", e.LogicalResourceID, "request", string(e.RequestType), "error", err)
			response.Status, response.Reason, response.Data = cfn.StatusFailed, reason(err), nil
		}
		for n := 1; ; n++ {
			if err = o.Send(ctx, response); err == nil {
				return nil
			}
			if n == sendAttempts {
				return fmt.Errorf("answer custom resource %s: %w", e.LogicalResourceID, err)
			}
		}
	}
}

// attempt does the work within the time that there is for it.
func attempt(ctx context.Context, do func(context.Context, Request) (Answer, error), e cfn.Event) (answer Answer, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		limited, cancel := context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
		ctx = limited
	}
	properties, err := json.Marshal(e.ResourceProperties)
	if err != nil {
		return Answer{}, fmt.Errorf("encode properties: %w", err)
	}
	err = guard.Call(func() error {
		answer, err = do(ctx, Request{Kind: Kind(e.RequestType), Type: e.ResourceType, Properties: properties})
		return err
	})
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("there was not enough time; deploying again goes on from here: %w", err)
	}
	return answer, err
}

// reason is what the operator reads in the stack's events.
func reason(err error) string {
	if e := (*status.Error)(nil); errors.As(err, &e) {
		return e.Error()
	}
	return status.Cut(err.Error(), maxReason)
}
