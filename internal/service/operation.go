package service

import "strings"

// An Operation is a row of a service's tables. It implements one operation of the contract.
type Operation struct {
	ID string // operationId

	// Do handles the operation. It is nil for an operation that the contract marks as
	// x-stateless, which responds with its documented example.
	Do Handler

	// Policy says who may call the operation. It may be nil only if the service has no Policies.
	Policy Policy

	// Reads returns an error for a query or body that the operation does not accept, for example
	// a body of another media type. It may be nil. The check Understood calls it.
	Reads func(*Call) error

	// BodyLimit is the max size in bytes of a body (default 0: the service's limit).
	BodyLimit int

	// Sandbox says how the operation uses the sandbox that a request names. Only the control API
	// sets it.
	Sandbox SandboxUse
}

// A SandboxUse says how an operation of the control API uses the sandbox that a request names.
type SandboxUse int

// The values of SandboxUse.
const (
	UsesSandbox    SandboxUse = iota // it must exist
	CreatesSandbox                   // it is created if it does not exist
	IgnoresSandbox                   // it may be missing
)

// A Policy says who may call an operation.
type Policy interface {
	// Refuse returns nil if the caller may call the operation, or else the error.
	Refuse(c *Call) error
	// String returns the name of the policy, for the journal.
	String() string
}

// Everybody is the policy that allows every caller.
var Everybody Policy = everybody{}

type everybody struct{}

func (everybody) Refuse(*Call) error { return nil }
func (everybody) String() string     { return "everybody" }

// OneOf returns the name of a policy that requires one of several roles or permissions.
func OneOf(names []string) string { return strings.Join(names, " or ") }

// Allowed is the check of the operation's policy. It must come after Routed.
func Allowed(c *Call) error { return Ask(c.Row.Policy, c) }

// Ask returns the error of a policy, or nil if it allows the caller. It sets the error's By to
// the name of the policy if By is empty.
func Ask(p Policy, c *Call) error {
	err := p.Refuse(c)
	if err == nil {
		return nil
	}
	e := AsError(err)
	if e.By == "" {
		e.By = "policy: " + p.String()
	}
	return e
}

// Understood is the check that calls the operation's Reads. It must come after Routed.
func Understood(c *Call) error {
	if c.Row.Reads == nil {
		return nil
	}
	return c.Row.Reads(c)
}
