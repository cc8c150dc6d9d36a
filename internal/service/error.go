package service

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"standin/internal/contract"
)

// A Kind of error is the HTTP status of its response.
type Kind int

// The kinds of errors that services return.
const (
	Invalid         Kind = http.StatusBadRequest
	Unauthorized    Kind = http.StatusUnauthorized
	Forbidden       Kind = http.StatusForbidden
	NotFound        Kind = http.StatusNotFound
	NotAllowed      Kind = http.StatusMethodNotAllowed
	NotAcceptable   Kind = http.StatusNotAcceptable
	Conflict        Kind = http.StatusConflict
	Gone            Kind = http.StatusGone
	TooLarge        Kind = http.StatusRequestEntityTooLarge
	UnsupportedType Kind = http.StatusUnsupportedMediaType
	Misdirected     Kind = http.StatusMisdirectedRequest
	TooMany         Kind = http.StatusTooManyRequests
	Internal        Kind = http.StatusInternalServerError
)

// Reason returns the standard reason phrase of the status, or "Error" if it has none.
func (k Kind) Reason() string { return cmp.Or(contract.Reason(int(k)), "Error") }

// An Error is an error response. Each service writes it in its own format.
type Error struct {
	Kind    Kind
	Code    string // the service's own error code; may be empty
	Message string // the text of the real service
	Header  Headers
	Detail  any   // data for the one service that reads it
	Err     error // the cause: logged, never sent

	// By names what refused the call, for the journal: "quota", "schema: name". It never contains
	// a value of the request. If it is empty, the journal shows the name of the check.
	By string
}

// Errorf returns an Error. Without arguments the format is used as it is.
func Errorf(kind Kind, code, format string, args ...any) *Error {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return &Error{Kind: kind, Code: code, Message: format}
}

// With adds a header to the response.
func (e *Error) With(name, value string) *Error {
	e.Header = append(e.Header, Field{name, value})
	return e
}

// RefusedBy sets By, the name of what refused the call.
func (e *Error) RefusedBy(name string) *Error {
	e.By = name
	return e
}

// Error returns the text for the log.
func (e *Error) Error() string {
	s := fmt.Sprintf("%d %s", e.Kind, e.Message)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError returns the Error in err. Any other error is a bug of the emulator: it becomes an
// Internal error, whose text is logged but not sent.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Err: err}
}
