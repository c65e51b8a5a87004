package cloud

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// anewPatience is how long a function may take until its new configuration is in force. It is a matter
// of seconds.
const anewPatience = 2 * time.Minute

// formerNote is what an earlier StartAnew added to a description.
var formerNote = regexp.MustCompile(` \[[^\[\]]*\]$`)

// StartAnew has a function read anew what it reads when it starts. Lambda does so with every change of
// a function's configuration, so a note is added to its description, in place of the one before. When
// this returns, new requests meet new processes; those under way end with what they read. Done twice
// with one note it may change nothing.
func (d *Deployment) StartAnew(ctx context.Context, function, note string) error {
	name := d.function(function)
	found, err := d.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err != nil {
		return fmt.Errorf("find function %s: %w", name, Explain(err))
	}
	description := formerNote.ReplaceAllString(aws.ToString(found.Description), "") + " [" + note + "]"
	_, err = d.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Description: &description})
	if err != nil {
		return fmt.Errorf("start function %s anew: %w", name, Explain(err))
	}
	waiter := lambda.NewFunctionUpdatedWaiter(d.lambda, func(o *lambda.FunctionUpdatedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Second, 5*time.Second
	})
	if err := waiter.Wait(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name}, anewPatience); err != nil {
		return fmt.Errorf("wait until function %s starts anew: %w", name, Explain(err))
	}
	return nil
}
