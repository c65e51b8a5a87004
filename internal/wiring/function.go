package wiring

// cloudOnly are settings of a function that make no difference on a laptop.
var cloudOnly = []string{
	"architecture", "condition", "dependsOn", "environment", "ephemeralStorageSize", "kmsKeyArn",
	"layers", "logRetentionInDays", "logs", "maximumEventAge", "memorySize", "name", "package", "role",
	"runtime", "tags", "tracing",
}

func (r *reader) functions(n node) error {
	members, err := n.members()
	if err != nil {
		return err
	}
	for _, m := range members {
		f, err := r.function(m.name, m.value)
		if err != nil {
			return err
		}
		r.wiring.Functions = append(r.wiring.Functions, f)
	}
	return nil
}

// asynchronousRetries is Lambda's own number of retries of asynchronous invocations.
const asynchronousRetries = 2

func (r *reader) function(name string, n node) (Function, error) {
	f := Function{Name: name, Timeout: r.timeout, Retries: asynchronousRetries}
	fields := map[string]func(node) error{
		"handler":              into(&f.Handler, node.text),
		"description":          into(&f.Description, node.text),
		"timeout":              func(n node) (err error) { f.Timeout, err = n.seconds(1, 900); return err },
		"maximumRetryAttempts": func(n node) (err error) { f.Retries, err = n.between(0, 2); return err },
		"destinations":         func(n node) (err error) { f.OnFailure, err = r.onFailure(n); return err },
		"events": func(n node) error {
			elements, err := n.elements()
			if err != nil {
				return err
			}
			for _, e := range elements {
				if err := r.source(&f, e); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for _, name := range cloudOnly {
		fields[name] = func(node) error { return nil }
	}
	if err := n.read(fields); err != nil {
		return Function{}, err
	}
	if f.Handler == "" {
		return Function{}, n.fail("no handler")
	}
	return f, r.checkVisibility(f, n)
}

// checkVisibility holds that a message stays out of sight while a function may still work on it,
// also when Lambda is throttled and tries again:
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html.
func (r *reader) checkVisibility(f Function, n node) error {
	for _, s := range f.Sources {
		if s.Queue == nil {
			continue
		}
		least := 6*f.Timeout + s.Queue.BatchWindow
		if got := r.wiring.Resources[s.Queue.Queue].VisibilityTimeout; got < least {
			return n.fail("%s has a VisibilityTimeout of %s, want at least %s: 6 times the function's timeout and the batching window", s.Queue.Queue, got, least)
		}
	}
	return nil
}

// into makes a field's reader of a variable and a conversion.
func into[T any](target *T, convert func(node) (T, error)) func(node) error {
	return func(n node) error {
		v, err := convert(n)
		if err != nil {
			return err
		}
		*target = v
		return nil
	}
}

// onFailure reads {onFailure: {type: sqs, arn: {Fn::GetAtt: [Queue, Arn]}}}.
func (r *reader) onFailure(n node) (queue string, err error) {
	err = n.read(map[string]func(node) error{
		"onFailure": func(n node) error {
			return n.read(map[string]func(node) error{
				"type": word("sqs"),
				"arn":  func(n node) (err error) { queue, err = r.resource(n, "Arn", typeQueue); return err },
			})
		},
	})
	if err == nil && queue == "" {
		err = n.fail("no onFailure with an arn")
	}
	return queue, err
}

// word accepts one word only.
func word(want string) func(node) error {
	return func(n node) error {
		got, err := n.text()
		if err == nil && got != want {
			err = n.fail("%s is not known here, only %s", got, want)
		}
		return err
	}
}
