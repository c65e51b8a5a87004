package status

import (
	"errors"
	"fmt"
)

// Code classifies an Error; internal/api maps it to an HTTP status in one file.
type Code string

// The classes of error.
const (
	Malformed    Code = "malformed"    // cannot be read at all
	Invalid      Code = "invalid"      // read, but breaks a rule
	Unauthorized Code = "unauthorized" // no key, or not a good one
	NotFound     Code = "not_found"    // no such thing
	Conflict     Code = "conflict"     // somebody else changed it meanwhile; try again
	TooLarge     Code = "too_large"    // more bytes than are taken
	Limited      Code = "rate_limited" // too many requests
	Unavailable  Code = "unavailable"  // a part behind us does not answer; try again
)

// Error is an error whose Message a user may read. Field names the input it is about, in the
// words of the request ("incident.name"), or is empty.
type Error struct {
	Code    Code
	Field   string
	Message string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + " " + e.Message
}

// Invalidf is an Error of code Invalid on a field.
func Invalidf(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// NotFoundf is an Error of code NotFound.
func NotFoundf(format string, args ...any) *Error {
	return &Error{Code: NotFound, Message: fmt.Sprintf(format, args...)}
}

// IsNotFound tells whether an error is an Error of code NotFound, or wraps one.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == NotFound
}
