// Package guard makes errors of panics, for whoever calls a handler and must answer whatever
// happens. The envelopes of the functions call it.
package guard

import (
	"fmt"
	"runtime/debug"
)

// Call calls f. A panic in it is an error with the stack.
func Call(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
