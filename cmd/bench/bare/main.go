// Command bare is a Lambda function that does nothing: what the start of a process with the
// runtime costs before there is anything of ours in it. cmd/bench compares the functions with it.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(func(context.Context) error { return nil }) }
