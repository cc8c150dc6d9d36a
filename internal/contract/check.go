package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// schemas compiles the schemas of a document on first use.
type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler // nil until the first schema is used
	contract *Contract
	compiled map[string]*jsonschema.Schema
}

func newSchemas(c *Contract) *schemas {
	return &schemas{contract: c, compiled: map[string]*jsonschema.Schema{}}
}

func (s *schemas) get(pointer string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema, ok := s.compiled[pointer]; ok {
		return schema, nil
	}
	base := "standin:///" + s.contract.Service
	if s.compiler == nil {
		c := jsonschema.NewCompiler()
		c.Draft = jsonschema.Draft2020
		c.AssertFormat = true
		c.LoadURL = func(u string) (io.ReadCloser, error) {
			return nil, fmt.Errorf("%s: expected a reference within the contract", u)
		}
		if err := c.AddResource(base, bytes.NewReader(s.contract.checked())); err != nil {
			return nil, err
		}
		s.compiler = c
	}
	schema, err := s.compiler.Compile(base + "#/" + escapeFragment(pointer))
	if err != nil {
		return nil, err
	}
	s.compiled[pointer] = schema
	return schema, nil
}

// escapeFragment escapes a JSON pointer for the fragment of a URL.
func escapeFragment(pointer string) string { return (&url.URL{Fragment: pointer}).EscapedFragment() }

// CompileAll compiles the schemas of all responses. It returns the error of the first schema that
// is invalid.
func (c *Contract) CompileAll() error {
	for _, op := range c.every() {
		for _, r := range op.Responses() {
			if r.schema == "" {
				continue
			}
			if _, err := c.schemas.get(r.schema); err != nil {
				return fmt.Errorf("%s %d: %w", op.ID, r.Status, err)
			}
		}
	}
	return nil
}

// Check checks a response against the contract: its status, content type, required headers and
// body. The response to a HEAD has no body to check.
func (op *Operation) Check(method string, status int, header http.Header, body []byte) error {
	r := op.Response(status)
	if r == nil {
		return fmt.Errorf("status %d is not in the contract", status)
	}
	for _, name := range r.Headers {
		if header.Get(name) == "" {
			return fmt.Errorf("status %d: header %s is missing", status, name)
		}
	}
	if method == http.MethodHead || r.Optional && len(body) == 0 {
		return nil
	}
	if len(r.MediaTypes) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("status %d: expected no body", status)
		}
		return nil
	}
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if !slices.Contains(r.MediaTypes, mediaType) {
		return fmt.Errorf("status %d: content type %q, expected %s", status, mediaType, strings.Join(r.MediaTypes, " or "))
	}
	if r.schema == "" || !strings.Contains(mediaType, "json") {
		return nil
	}
	return r.checkBody(body)
}

// Writes reports whether an error of the operation may have this content type, other than JSON.
// Some services write any error in another format if the client asks for it.
func (op *Operation) Writes(status int, contentType string) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return status >= http.StatusBadRequest && !strings.Contains(mediaType, "json") &&
		slices.ContainsFunc(op.Responses(), func(r *Response) bool {
			return r.Status >= http.StatusBadRequest && slices.Contains(r.MediaTypes, mediaType)
		})
}

// longestValid is the max size, in bytes, of a body that is kept to recognize it.
const longestValid = 4 << 10

// checkBody checks a body against the schema. It keeps the last valid one, since clients and tests ask for
// the same again and again, and the schema does not change.
func (r *Response) checkBody(body []byte) error {
	if last := r.valid.Load(); last != nil && bytes.Equal(*last, body) {
		return nil
	}
	err := r.validate(body)
	if err == nil && len(body) <= longestValid {
		kept := bytes.Clone(body)
		r.valid.Store(&kept)
	}
	return err
}

func (r *Response) validate(body []byte) error {
	schema, err := r.owner.schemas.get(r.schema)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return fmt.Errorf("status %d: the body is not JSON: %w", r.Status, err)
	}
	if err := schema.Validate(v); err != nil {
		return fmt.Errorf("status %d: %s", r.Status, firstCause(err))
	}
	return nil
}

// firstCause returns one cause of a validation error. The library lists causes in random order,
// so firstCause sorts them.
func firstCause(err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	var leaves []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			leaves = append(leaves, fmt.Sprintf("at %q: %s", e.InstanceLocation, e.Message))
		}
		for _, c := range e.Causes {
			walk(c)
		}
	}
	walk(invalid)
	slices.Sort(leaves)
	return leaves[0]
}
