// Package explain says why an exchange was answered as it was: from its entry in the journal and
// from the contracts. It also finds what requests have that nothing read.
//
// The package sees no HTTP server, and only names of the members of a request, never their values.
package explain

import (
	"cmp"

	"standin/emulator/journal"
	"standin/internal/contract"
)

// An Explanation says why an exchange was answered as it was.
type Explanation struct {
	Sequence   uint64          `json:"sequence"`             // the number of the exchange in its sandbox
	Method     string          `json:"method"`               // the method of the request
	Path       string          `json:"path"`                 // the path of the request
	Sandbox    Sandbox         `json:"sandbox"`              // which sandbox served the request, and why
	Operation  *Operation      `json:"operation,omitempty"`  // which operation the request matched; absent if it matched none
	Near       []string        `json:"near,omitempty"`       // the closest paths, methods or rules, if the request matched none
	Caller     Caller          `json:"caller"`               // who sent the request, and how the service knows
	Decision   Decision        `json:"decision"`             // what decided the answer
	Rules      []journal.Fault `json:"rules,omitempty"`      // the rules whose where matched the request, and what each of them did
	Quirks     []Quirk         `json:"quirks,omitempty"`     // the quirks that are on, and that were asked for to make the answer
	Answer     Answer          `json:"answer"`               // what was answered, and where the answer comes from
	Note       string          `json:"note,omitempty"`       // what was done in place of what a fault asked for, or why the request was not carried out
	Violation  string          `json:"violation,omitempty"`  // how the answer violates its contract; this is an error of Standin
	Unread     []Unread        `json:"unread,omitempty"`     // the parts of the request that nothing read
	Unsearched string          `json:"unsearched,omitempty"` // why the members of the body were not searched
	Others     []Other         `json:"others,omitempty"`     // the other answers that the contract lists for the operation
}

// A Sandbox says which sandbox served a request.
type Sandbox struct {
	Name string `json:"name"` // the name of the sandbox
	By   string `json:"by"`   // how the request named it: path, header or token; or default, if the request named none
}

// An Operation is the operation that a request matched.
type Operation struct {
	ID        string `json:"id"`        // the operationId
	Method    string `json:"method"`    // the method in the contract
	Path      string `json:"path"`      // the path in the contract, with {name} for its parameters
	Summary   string `json:"summary"`   // what the operation does
	Stateless bool   `json:"stateless"` // the operation answers its documented example and stores nothing
}

// A Caller says who sent a request.
type Caller struct {
	Name string `json:"name,omitempty"` // the name of the user; absent if the caller is unknown
	By   string `json:"by"`             // how the service knows: token, basic, or off if logins are off; or unknown if what the request has is not valid, or none if it has nothing
}

// A Decision says what decided the answer to a request.
type Decision struct {
	By    string `json:"by"`              // check, handler, example, fault, path if the request matched no operation, or open if nothing has decided yet
	Name  string `json:"name,omitempty"`  // the name of the check or of the rule; else the operationId
	After bool   `json:"after,omitempty"` // the rule took effect after the check or the handler that would have answered
}

// A Quirk is a difference between a real server and its document.
type Quirk struct {
	Name     string `json:"name"`     // the name of the quirk
	Document string `json:"document"` // what the document says
	Server   string `json:"server"`   // what the real server does
}

// An Answer says what was answered, and where it comes from.
type Answer struct {
	Status   int               `json:"status,omitempty"`   // the HTTP status; absent if no answer was sent
	Reason   string            `json:"reason,omitempty"`   // the reason phrase
	Ended    journal.Ended     `json:"ended"`              // how the exchange ended
	Evidence contract.Evidence `json:"evidence,omitempty"` // where the status is known from: the service's document, the real server, or Standin alone; absent if the contract does not list the status
	Words    string            `json:"words,omitempty"`    // what the contract says of the status
	Quirk    string            `json:"quirk,omitempty"`    // the quirk that lists the answer, if the operation does not
}

// An Other is an answer that the contract lists for the operation, and that this one was not.
type Other struct {
	Status   int               `json:"status"`          // the HTTP status
	Reason   string            `json:"reason"`          // the reason phrase
	Evidence contract.Evidence `json:"evidence"`        // where the status is known from: the service's document, the real server, or Standin alone
	Words    string            `json:"words"`           // what the contract says of the status
	Fault    string            `json:"fault,omitempty"` // the name of the failure, as in the member use of a rule
}

// Of explains an entry. Contracts are those of all services.
func Of(contracts []*contract.Contract, e *journal.Entry) *Explanation {
	x := &Explanation{
		Sequence: e.Sequence, Method: e.Request.Method, Path: e.Request.Path, Near: e.Near, Rules: e.Faults, Note: e.Note, Violation: e.Violation,
		Sandbox: Sandbox{e.Sandbox, cmp.Or(e.SandboxBy, "default")},
	}
	ct, op := contractOf(contracts, e)
	x.Caller, x.Decision = callerOf(e, op), decisionOf(e, op)
	x.Quirks = quirksOf(ct, e)
	x.Answer = answerOf(ct, op, e)
	if op != nil {
		x.Operation = &Operation{op.ID, op.Method, op.Path, op.Summary, op.Stateless}
		x.unread(op, e)
		x.Others = othersOf(op, x.Answer.Status)
	}
	return x
}
