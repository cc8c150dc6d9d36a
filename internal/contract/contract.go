// Package contract reads OpenAPI 3.1 documents: the only place where a path, a
// parameter, a status, a body's schema or a sample is stated.
//
// Everything else asks a Contract: the router for paths, the request path for
// statuses and reason phrases, the check on our own answers for schemas, the
// tests for samples. The package knows no HTTP server and no service.
package contract

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"standin/internal/file"
	"standin/internal/value"
)

// Evidence says why a response is in the contract.
type Evidence string

// The kinds of evidence.
const (
	Document Evidence = "document" // the service's document lists it
	Server   Evidence = "server"   // the real server was seen to answer it
	Standin  Evidence = "standin"  // a bound of this emulator
)

// A Contract is one service's document.
type Contract struct {
	Service    string // x-service: freezer, barbican…
	Title      string
	Prefix     string       // x-prefix: where OpenStack installations put the service, such as "/backup"
	Operations []*Operation // in the order of the document
	// Elsewhere holds what the service answers outside every operation: unknown
	// paths, other methods. It has no method and no path.
	Elsewhere *Operation
	Quirks    []*Quirk // in the order of the document
	Roots     []string // x-roots: the service answers all paths below these, also those that it does not have
	json      []byte
	schemas   *schemas
}

// JSON is the document as JSON, members in their order.
func (c *Contract) JSON() []byte { return c.json }

// Operation finds an operation by its operationId; nil if there is none.
func (c *Contract) Operation(id string) *Operation {
	for _, op := range c.Operations {
		if op.ID == id {
			return op
		}
	}
	return nil
}

// An Operation is one method on one path.
type Operation struct {
	ID        string // operationId, the operation's address everywhere: freezer.clients.create
	Service   string
	Method    string
	Path      string // with parameters in braces
	Summary   string
	Stateless bool    // x-stateless: answered by its documented example, without a handler
	Public    bool    // security: [] — nobody is asked who they are
	Body      bool    // the operation looks at the request's body
	Secret    Secrecy // x-secret
	Responses []*Response
	Samples   []Sample
	requests  *value.Object // examples of the request body, by name
	parameter []Parameter
}

// Secrecy says which bodies of an operation are secrets as a whole, in addition to members
// that are.
type Secrecy int

// The secrecies. An answer that is not JSON is a secret of both SecretText and Secret.
const (
	Public     Secrecy = iota
	SecretText         // x-secret: text: requests that are not an object of JSON
	Secret             // x-secret: all: all requests
)

// A Parameter is documented for an operation.
type Parameter struct {
	Name    string
	In      string // path, query or header
	Default int    // of a number; 0 if there is none
}

// Parameters lists the documented parameters in order.
func (op *Operation) Parameters() []Parameter { return op.parameter }

// Response finds what the contract says of a status; nil if it knows none.
func (op *Operation) Response(status int) *Response {
	for _, r := range op.Responses {
		if r.Status == status {
			return r
		}
	}
	return nil
}

// Request is a named example of the request's body.
func (op *Operation) Request(name string) ([]byte, bool) {
	v, ok := op.requests.Get(name)
	return value.Append(nil, v), ok
}

// A Response is what the contract says of one status of an operation.
type Response struct {
	Status      int
	Reason      string // the phrase in the status line
	Description string
	Evidence    Evidence
	FaultOnly   bool     // x-fault-only: only a fault causes it, no request
	Optional    bool     // x-body-optional: the body may be empty
	MediaTypes  []string // none: the body is empty
	Headers     []string // headers that are always there
	examples    *value.Object
	names       map[string][]naming // by example
	schema      string              // JSON pointer, empty if the body is not JSON or has no schema
	owner       *Contract
}

// Example is a named example of the body.
func (r *Response) Example(name string) ([]byte, bool) {
	v, ok := r.examples.Get(name)
	return value.Append(nil, v), ok
}

// Examples lists the names of the examples in the document's order.
func (r *Response) Examples() []string {
	var names []string
	for _, m := range r.examples.Members() {
		names = append(names, m.Name)
	}
	return names
}

// A Sample is one exchange: a request and the answer it brings.
type Sample struct {
	Name     string   `json:"name" fixture:"required"`
	Note     string   `json:"note"`      // where it departs from the document's letter, and why
	Fixture  string   `json:"fixture"`   // the state it starts from; "documented" if empty
	HostHref string   `json:"host_href"` // the option of that name
	TLS      bool     `json:"tls"`       // the emulator has a CA of its own
	Caller   string   `json:"caller"`    // a member of the cast, or "none"; "demo" if empty
	After    []string `json:"after"`     // samples to replay before, as OPERATION/NAME
	// Operation is that of a quirk's sample, whose own place names none.
	Operation string            `json:"operation"`
	Method    string            `json:"method"` // the operation's if empty
	URL       string            `json:"url"`    // a path in place of the operation's
	Path      map[string]string `json:"path"`   // values of the path's parameters
	Query     string            `json:"query"`  // as it is in the URL
	Headers   map[string]string `json:"headers"`
	Request   string            `json:"request"` // the name of an example of the request body
	Body      *string           `json:"body"`    // a body that is no example
	Status    int               `json:"status" fixture:"required"`
	Response  string            `json:"response"` // the name of an example of the response; none: an empty body
	Answer    map[string]string `json:"answer"`   // headers of the answer, as they must be; empty: absent
}

// Target is the sample's path and query.
func (s Sample) Target(op *Operation) string {
	target := cmp.Or(s.URL, op.Path)
	for name, v := range s.Path {
		target = strings.ReplaceAll(target, "{"+name+"}", v)
	}
	if s.Query != "" {
		target += "?" + s.Query
	}
	return target
}

// Fill puts the values of the path's parameters into the placeholders of a
// documented text.
func (s Sample) Fill(text []byte) []byte {
	filled := string(text)
	for name, v := range s.Path {
		filled = strings.ReplaceAll(filled, "{"+name+"}", v)
	}
	return []byte(filled)
}

// Reason is the standard phrase of a status.
func Reason(status int) string { return http.StatusText(status) }

// Parse reads a contract from YAML or JSON.
func Parse(name string, data []byte) (*Contract, error) {
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	v, err := root.Value()
	if err != nil {
		return nil, err
	}
	doc, ok := v.(*value.Object)
	if !ok {
		return nil, root.Errorf("expected an OpenAPI document")
	}
	return parse(&reader{doc: doc, root: root}, value.Append(nil, doc))
}

// Load reads a contract from the JSON of one that Parse has read: faster, and without
// its samples.
func Load(data []byte) (*Contract, error) {
	v, err := value.Parse(data)
	if err != nil {
		return nil, err
	}
	doc, _ := v.(*value.Object)
	return parse(&reader{doc: doc, bare: true}, data)
}

func parse(r *reader, json []byte) (*Contract, error) {
	doc, root := r.doc, r.root
	if version := doc.Text("openapi"); !strings.HasPrefix(version, "3.1.") {
		return nil, root.At("openapi").Errorf("expected openapi: 3.1.x, got %q", version)
	}
	c := &Contract{Service: doc.Text("x-service"), Prefix: doc.Text("x-prefix"), json: json}
	if info := doc.Object("info"); info != nil {
		c.Title = info.Text("title")
	}
	if c.Service == "" {
		return nil, root.Errorf(`"x-service" is missing: the name that begins every operationId`)
	}
	r.contract = c
	if err := r.read(); err != nil {
		return nil, err
	}
	c.schemas = newSchemas(c)
	return c, nil
}

// String is the operation's method and path.
func (op *Operation) String() string { return fmt.Sprintf("%s %s", op.Method, op.Path) }
