package service

import "strings"

// An Operation is a row of a service's tables: what the service knows of one operation of
// its contract.
type Operation struct {
	ID string // operationId

	// Do carries out the operation. It is nil for an operation that the contract marks as
	// x-stateless, which answers its documented example.
	Do Handler

	// Policy says who may carry out the operation. It may be nil only if the service has no
	// Policies.
	Policy Policy

	// Reads refuses a request whose query or body the operation does not read, such as a body
	// of another media type. It is nil if the operation refuses none. The check Understood
	// calls it.
	Reads func(*Call) error

	// BodyLimit is the max number of bytes of a body. The default (0) is the service's.
	BodyLimit int

	// Sandbox is what the operation does with the sandbox that a request names. Only the
	// control API sets it.
	Sandbox SandboxUse
}

// A SandboxUse is what an operation of the control API does with the sandbox that a request
// names.
type SandboxUse int

// The uses of a sandbox.
const (
	UsesSandbox    SandboxUse = iota // it must exist
	CreatesSandbox                   // it is created if it does not exist
	IgnoresSandbox                   // it need not exist
)

// A Policy says who may carry out an operation.
type Policy interface {
	// Refuse returns the error for a caller who may not carry out the call's operation, and
	// nil for one who may.
	Refuse(c *Call) error
	// String is the name of the policy, for the journal.
	String() string
}

// Everybody is the policy that lets every caller pass.
var Everybody Policy = everybody{}

type everybody struct{}

func (everybody) Refuse(*Call) error { return nil }
func (everybody) String() string     { return "everybody" }

// OneOf names a list of roles or permissions of which a policy demands one.
func OneOf(names []string) string { return strings.Join(names, " or ") }

// Allowed is the check that the policy of the operation lets the caller pass. It comes
// after Routed.
func Allowed(c *Call) error { return Ask(c.Row.Policy, c) }

// Ask returns the error of a policy for the caller. The error's By names the policy, unless
// the policy set it.
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

// Understood is the check that the operation reads such a request. It comes after Routed.
func Understood(c *Call) error {
	if c.Row.Reads == nil {
		return nil
	}
	return c.Row.Reads(c)
}
