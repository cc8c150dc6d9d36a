package service

import (
	"standin/internal/identity"
	"standin/internal/value"
)

// Problem writes an error as RFC 9457 problem details, for what is no document's service. A
// value.Member in the error's Detail is one more member.
func Problem(_ *Call, e *Error) Reply {
	o := value.NewObject(
		value.Member{Name: "title", Value: e.Kind.Reason()},
		value.Member{Name: "status", Value: int(e.Kind)},
	)
	if e.Message != "" {
		o.Set("detail", e.Message)
	}
	if m, ok := e.Detail.(value.Member); ok {
		o.Set(m.Name, m.Value)
	}
	return Reply{
		Status: int(e.Kind), ContentType: "application/problem+json", Header: e.Header, Body: value.Append(nil, o),
	}
}

// Stateless is a service that answers the documented examples of a contract by its name.
func Stateless(name string) *Service {
	return &Service{
		Name:     name,
		Identify: func(*Call) (*identity.Caller, error) { return &identity.Caller{}, nil },
		Checks:   []Check{Routed, BodyRead},
		Fail:     Problem,
	}
}
