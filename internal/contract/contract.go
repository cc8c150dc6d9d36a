// Package contract reads OpenAPI 3.1 documents. A contract is the only place that states the
// paths, parameters, statuses, body schemas and samples of a service.
//
// The router reads paths from it, and the request path statuses and reason phrases. The check of
// responses reads schemas, and the tests read samples. The package does not depend on the HTTP
// server or the services.
package contract

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"standin/internal/file"
	"standin/internal/value"
)

// Evidence is the source of a response in a contract.
type Evidence string

// The values of Evidence.
const (
	Document Evidence = "document" // the service's document lists it
	Server   Evidence = "server"   // the real server was seen to send it
	Standin  Evidence = "standin"  // a limit of this emulator
)

// A Contract describes one service.
type Contract struct {
	Service    string // x-service: freezer, barbican…
	Title      string
	Prefix     string       // x-prefix: the path prefix in OpenStack installations, for example "/backup"
	Operations []*Operation // in the order of the document
	// Elsewhere holds the responses outside of every operation, for example to unknown paths and
	// methods. It has no method and no path.
	Elsewhere *Operation
	Quirks    []*Quirk    // in the order of the document
	Roots     []string    // x-roots: the service responds at all paths below these, known or not
	Logins    []Parameter // with which callers log in, from the securitySchemes
	json      func() []byte
	checked   func() []byte // the part of the document that schemas need
	schemas   *schemas
	whole     func() *Contract // reads the document of a contract that has only its outline; nil if this one is whole
	derived   sync.Map         // what Derive has built, by key
	byID      map[string]*Operation
	all       []*Response // by number; nil in a contract from an outline
}

// Derive returns what build returned when Derive was first called with the key. Packages keep with it
// what they compute of a contract, which never changes. The key is a value of a type of the package.
func (c *Contract) Derive(key any, build func() any) any {
	once, _ := c.derived.LoadOrStore(key, sync.OnceValue(build))
	return once.(func() any)()
}

// add adds an operation.
func (c *Contract) add(op *Operation) {
	if c.byID == nil {
		c.byID = map[string]*Operation{}
	}
	c.byID[op.ID] = op
	c.Operations = append(c.Operations, op)
}

// number numbers the responses.
func (c *Contract) number() {
	for _, op := range c.every() {
		for _, r := range op.responses {
			r.Number = len(c.all)
			c.all = append(c.all, r)
		}
	}
}

// every returns the operations, Elsewhere, and what the quirks answer.
func (c *Contract) every() []*Operation {
	all := append(slices.Clone(c.Operations), c.Elsewhere)
	for _, q := range c.Quirks {
		all = append(all, q.Answers)
	}
	return all
}

// JSON returns the document as JSON, with the members in their order.
func (c *Contract) JSON() []byte { return c.json() }

// Operation returns the operation of that operationId, or nil.
func (c *Contract) Operation(id string) *Operation { return c.byID[id] }

// An Operation is a method of a path.
type Operation struct {
	ID        string // operationId, for example freezer.clients.create
	Service   string
	Method    string
	Path      string // with parameters in braces
	Summary   string
	Stateless bool    // x-stateless: responds with its documented example, without a handler
	Public    bool    // security: [] means that it needs no credentials
	Body      bool    // it reads the request body
	Secret    Secrecy // x-secret
	Logins    []Parameter
	Samples   []Sample
	parameter []Parameter
	responses []*Response
	later     later // where responses are, until they are first needed
	reading   sync.Once
	broken    error     // of reading
	input     *input    // nil if the document has it, or if there is none
	owner     *Contract // nil if there is none
}

// An input is what a contract says of a request body.
type input struct {
	json, form *Shape
	examples   *value.Object // by name
}

// JSON returns the shape of a request body in JSON. It is nil if the contract does not describe it.
func (op *Operation) JSON() *Shape { return op.read().json }

// Form returns the shape of a request body that is a form. It is nil if the contract does not describe
// it.
func (op *Operation) Form() *Shape { return op.read().form }

// read returns what the contract says of the request body.
func (op *Operation) read() *input {
	switch {
	case op.input != nil:
		return op.input
	case op.owner != nil:
		return op.owner.whole().Operation(op.ID).input
	default:
		return &input{}
	}
}

// Secrecy says which bodies of an operation are redacted as a whole. Secret members of other
// bodies are always redacted.
type Secrecy int

// The values of Secrecy. With SecretText and Secret, a response that is not JSON is redacted too.
const (
	Public     Secrecy = iota
	SecretText         // x-secret: text; redacts request bodies that are not a JSON object
	Secret             // x-secret: all; redacts all request bodies
)

// A Parameter is a documented parameter of an operation.
type Parameter struct {
	Name    string
	In      string // path, query or header
	Default int    // default of a number, or 0
}

// Parameters returns the documented parameters in order.
func (op *Operation) Parameters() []Parameter { return op.parameter }

// Responses returns the documented responses by status.
func (op *Operation) Responses() []*Response {
	op.reading.Do(func() {
		if op.later.text != "" {
			op.responses, op.broken = op.later.read()
		}
	})
	if op.broken != nil {
		panic(fmt.Sprintf("the outline of %s: %v", op.Service, op.broken)) // Outline has written it
	}
	return op.responses
}

// Answering returns an operation with responses and without anything else.
func Answering(id string, responses ...*Response) *Operation {
	return &Operation{ID: id, responses: responses}
}

// Response returns the documented response of a status, or nil.
func (op *Operation) Response(status int) *Response {
	for _, r := range op.Responses() {
		if r.Status == status {
			return r
		}
	}
	return nil
}

// Request returns the named example of the request body.
func (op *Operation) Request(name string) ([]byte, bool) {
	v, ok := op.read().examples.Get(name)
	return value.Append(nil, v), ok
}

// A Response is the documented response of an operation for one status.
type Response struct {
	Status     int
	Number     int    // of the response in its contract, counting from 0; those of quirks come last
	Reason     string // the phrase in the status line
	Evidence   Evidence
	FaultOnly  bool                   // x-fault-only: only faults cause it
	Optional   bool                   // x-body-optional: the body may be empty
	MediaTypes []string               // empty: the response has no body
	Headers    []string               // required headers
	named      []string               // the names of the examples
	texts      *texts                 // nil if only the document has them
	schema     string                 // JSON pointer; empty if the body is not JSON or has no schema
	valid      atomic.Pointer[[]byte] // the last body that was found valid
	owner      *Contract
}

// Texts are the description and the examples of a response.
type texts struct {
	description string
	examples    *value.Object
	names       map[string][]naming // by name of the example
}

// read returns what only the document has of the response.
func (r *Response) read() *texts {
	if r.texts != nil {
		return r.texts
	}
	return r.owner.whole().all[r.Number].texts
}

// Description says when the operation responds in this way.
func (r *Response) Description() string { return r.read().description }

// Example returns the named example of the body.
func (r *Response) Example(name string) ([]byte, bool) {
	v, ok := r.read().examples.Get(name)
	return value.Append(nil, v), ok
}

// Examples returns the names of the examples in the order of the document.
func (r *Response) Examples() []string { return slices.Clone(r.named) }

// A Sample is a documented exchange: a request and its response.
type Sample struct {
	Name     string   `json:"name" fixture:"required"`
	Note     string   `json:"note"`      // where and why it differs from the text of the document
	Fixture  string   `json:"fixture"`   // the fixture to start with; default "documented"
	HostHref string   `json:"host_href"` // the option of that name
	TLS      bool     `json:"tls"`       // the emulator has its own CA
	Caller   string   `json:"caller"`    // a user of the cast, or "none"; default "demo"
	After    []string `json:"after"`     // samples to replay first, as OPERATION/NAME
	// Operation is the operationId. It is set in samples of quirks only.
	Operation string            `json:"operation"`
	Method    string            `json:"method"` // default: the operation's
	URL       string            `json:"url"`    // a path instead of the operation's
	Path      map[string]string `json:"path"`   // values of the path parameters
	Query     string            `json:"query"`  // as in the URL
	Headers   map[string]string `json:"headers"`
	Request   string            `json:"request"` // name of an example of the request body
	Body      *string           `json:"body"`    // a body that is not an example
	Status    int               `json:"status" fixture:"required"`
	Response  string            `json:"response"` // name of an example of the response; empty: no body
	Answer    map[string]string `json:"answer"`   // headers that the response must have; an empty value: must not have
}

// Target returns the path and the query of the sample.
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

// Fill replaces the placeholders of path parameters in a documented text.
func (s Sample) Fill(text []byte) []byte {
	filled := string(text)
	for name, v := range s.Path {
		filled = strings.ReplaceAll(filled, "{"+name+"}", v)
	}
	return []byte(filled)
}

// Reason returns the standard reason phrase of a status.
func Reason(status int) string { return http.StatusText(status) }

// Parse parses a contract in YAML or JSON. Errors have line and column.
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

// load parses the JSON of a contract that Parse has accepted. It is faster than Parse and skips
// the samples.
func load(data []byte) (*Contract, error) {
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
	document := func() []byte { return json }
	c := &Contract{Service: doc.Text("x-service"), Prefix: doc.Text("x-prefix"), json: document, checked: document}
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
	c.number()
	c.schemas = newSchemas(c)
	return c, nil
}

// String returns the method and path of the operation.
func (op *Operation) String() string { return fmt.Sprintf("%s %s", op.Method, op.Path) }
