package service

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"standin/internal/contract"
)

// A Kind of error is the HTTP status it is answered with.
type Kind int

// The kinds of errors that services answer.
const (
	Invalid         Kind = http.StatusBadRequest
	Unauthorized    Kind = http.StatusUnauthorized
	Forbidden       Kind = http.StatusForbidden
	NotFound        Kind = http.StatusNotFound
	NotAllowed      Kind = http.StatusMethodNotAllowed
	NotAcceptable   Kind = http.StatusNotAcceptable
	Conflict        Kind = http.StatusConflict
	TooLarge        Kind = http.StatusRequestEntityTooLarge
	UnsupportedType Kind = http.StatusUnsupportedMediaType
	TooMany         Kind = http.StatusTooManyRequests
	Internal        Kind = http.StatusInternalServerError
)

// Reason returns the standard phrase of the kind's status, or "Error" if it has none.
func (k Kind) Reason() string { return cmp.Or(contract.Reason(int(k)), "Error") }

// An Error is an answer that is not a success. Each service writes it in its
// own envelope.
type Error struct {
	Kind    Kind
	Code    string // what the service calls the error, exactly; empty where it has no such word
	Message string // exactly as the service words it
	Header  Headers
	Detail  any   // more for the envelope of the one service that knows it
	Err     error // the cause: logged, never sent
}

// Errorf makes an error; without arguments the format is taken as it is.
func Errorf(kind Kind, code, format string, args ...any) *Error {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return &Error{Kind: kind, Code: code, Message: format}
}

// With adds a header to the answer.
func (e *Error) With(name, value string) *Error {
	e.Header = append(e.Header, Field{name, value})
	return e
}

// Error is the error for the log.
func (e *Error) Error() string {
	s := fmt.Sprintf("%d %s", e.Kind, e.Message)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError finds the Error in err. Any other error is our bug: it becomes
// Internal, its text is kept as the cause and not sent.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Err: err}
}
