package service

import (
	"standin/internal/identity"
	"standin/internal/value"
)

// Problem writes an error as RFC 9457 problem details. It is for services without an error format
// of their own. A value.Member in the error's Detail becomes one more member.
func Problem(_ *Call, e *Error) Reply {
	var w value.Writer
	w.BeginObject()
	w.Name("title").Text(e.Kind.Reason())
	w.Name("status").Int(int64(e.Kind))
	if e.Message != "" {
		w.Name("detail").Text(e.Message)
	}
	if m, ok := e.Detail.(value.Member); ok {
		w.Name(m.Name).Value(m.Value)
	}
	w.EndObject()
	return Reply{
		Status: int(e.Kind), ContentType: "application/problem+json", Header: e.Header, Body: w.Bytes(),
	}
}

// Stateless returns a service that responds with the documented examples of its contract.
func Stateless(name string) *Service {
	return &Service{
		Name:     name,
		Identify: func(*Call) (*identity.Caller, error) { return &identity.Caller{}, nil },
		Checks:   []Check{CheckRoute, CheckSize},
		Fail:     Problem,
	}
}
