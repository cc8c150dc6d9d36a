package contract

import (
	"slices"
	"strconv"
	"strings"

	"standin/internal/file"
	"standin/internal/value"
)

// A Quirk is a named difference between the document and the real server, or a behaviour of the
// server that looks like a bug.
type Quirk struct {
	Name       string   `json:"name" fixture:"required"` // SERVICE.words-with-dashes
	Document   string   `json:"document" fixture:"required"`
	Server     string   `json:"server" fixture:"required"`
	Evidence   string   `json:"evidence" fixture:"required"` // which server, and how the behaviour was seen
	Operations []string `json:"operations"`                  // operations whose responses it changes; default: all of the service
	// Setting marks a setting of the server that is off by default. The observed profile does not
	// include it.
	Setting bool `json:"setting"`
	// Samples have these responses if the quirk is on, and other responses if it is off.
	Samples []Sample `json:"samples" fixture:"required"`
	// Answers holds the responses and samples of the quirk. It has no method and no path.
	Answers *Operation `json:"-"`
}

// Changes reports whether the quirk may change a response of the operation.
func (q *Quirk) Changes(operation string) bool {
	if len(q.Operations) == 0 {
		return strings.HasPrefix(operation, q.Answers.Service+".") || operation == q.Answers.Service
	}
	return slices.Contains(q.Operations, operation)
}

// Marks reports whether the quirk is listed with the operation. A quirk of a whole service is not
// listed with operations that need no credentials.
func (q *Quirk) Marks(op *Operation) bool {
	return q.Changes(op.ID) && (!op.Public || len(q.Operations) > 0)
}

// quirks reads x-quirks. Each quirk is a mapping of the members of Quirk, and "responses", which
// only the quirk causes.
func (r *reader) quirks() error {
	for i, v := range r.doc.List("x-quirks") {
		spec, _ := v.(*value.Object)
		q := &Quirk{
			Name: spec.Text("name"), Document: spec.Text("document"), Server: spec.Text("server"),
			Evidence: spec.Text("evidence"), Setting: spec.Bool("setting"),
		}
		for _, id := range spec.List("operations") {
			word, _ := id.(string)
			q.Operations = append(q.Operations, word)
		}
		at := r.root.At("x-quirks", i)
		if !r.bare {
			if err := at.Without(func(key string) bool { return key == "responses" }).Decode(q); err != nil {
				return err
			}
			if len(q.Samples) == 0 {
				return at.Errorf("a quirk needs at least one sample")
			}
		}
		if err := r.quirk(q, at, spec, i); err != nil {
			return err
		}
		r.contract.Quirks = append(r.contract.Quirks, q)
	}
	return nil
}

// quirk checks the names in a quirk and reads its responses.
func (r *reader) quirk(q *Quirk, at file.Node, spec *value.Object, i int) error {
	if !strings.HasPrefix(q.Name, r.contract.Service+".") {
		return at.At("name").Errorf("quirk name %q does not begin with %q", q.Name, r.contract.Service+".")
	}
	for j, id := range q.Operations {
		if r.contract.Operation(id) == nil {
			return at.At("operations", j).Errorf("there is no operation %q", id)
		}
	}
	q.Answers = &Operation{Service: r.contract.Service, Samples: q.Samples, input: &input{}}
	return r.responses(q.Answers, spec, pointer("x-quirks", strconv.Itoa(i)))
}
