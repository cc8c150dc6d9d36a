package ruleset

import (
	"slices"
	"strconv"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/file"
)

// A Catalogue has the operations that rules can name, and the failures that their contracts
// document.
type Catalogue struct {
	// Collections are the collections of fixtures that expectations can name: freezer.clients.
	Collections []string

	operations []*contract.Operation
	names      []string
	quirks     []*contract.Quirk
}

// NewCatalogue returns the catalogue of contracts.
func NewCatalogue(contracts ...*contract.Contract) *Catalogue {
	k := &Catalogue{}
	for _, c := range contracts {
		for _, op := range c.Operations {
			k.operations, k.names = append(k.operations, op), append(k.names, op.ID)
		}
		k.quirks = append(k.quirks, c.Quirks...)
	}
	return k
}

// A Failure is an error that a contract documents for an operation.
type Failure struct {
	Name        string            `json:"name"` // OPERATION/STATUS, as in the member use of a rule
	Operation   string            `json:"operation"`
	Status      int               `json:"status"`
	Reason      string            `json:"reason"`
	Evidence    contract.Evidence `json:"evidence"`
	Description string            `json:"description"`
	Examples    []string          `json:"examples"` // names of bodies, as OPERATION/STATUS/EXAMPLE
}

// Failures returns all errors of all operations, in the order of the contracts.
func (k *Catalogue) Failures() []Failure {
	var all []Failure
	for _, op := range k.operations {
		for _, r := range op.Responses() {
			if r.Status >= 400 {
				all = append(all, Failure{
					Name: op.ID + "/" + strconv.Itoa(r.Status), Operation: op.ID, Status: r.Status, Reason: r.Reason,
					Evidence: r.Evidence, Description: r.Description(), Examples: append([]string{}, r.Examples()...),
				})
			}
		}
	}
	return all
}

// Find returns the failure with a name, and its bodies. A name OPERATION/STATUS/EXAMPLE selects one
// body.
func (k *Catalogue) Find(name string) (f Failure, bodies map[string]string, err error) {
	rules, err := k.Check([]fault.Rule{{Use: name}})
	if err != nil {
		return Failure{}, nil, err
	}
	r := &rules[0]
	bodies = map[string]string{}
	response := k.operation(r.Where.Operation).Response(r.What.Status)
	for _, example := range response.Examples() {
		if body, ok := response.Example(example); ok && (r.What.Example == "" || r.What.Example == example) {
			bodies[example] = string(body)
		}
	}
	for _, f := range k.Failures() {
		if f.Operation == r.Where.Operation && f.Status == r.What.Status {
			return f, bodies, nil
		}
	}
	return Failure{}, nil, nil // use reports an error for an unknown operation
}

// operation returns the operation with an id, or nil.
func (k *Catalogue) operation(id string) *contract.Operation {
	if i := slices.Index(k.names, id); i >= 0 {
		return k.operations[i]
	}
	return nil
}

// Matching returns the operations that globs match, as in Where.Operation.
func (k *Catalogue) Matching(globs string) []*contract.Operation {
	if globs == "" {
		return k.operations
	}
	g := contract.NewGlobs(globs)
	var all []*contract.Operation
	for _, op := range k.operations {
		if g.Match(op.ID) {
			all = append(all, op)
		}
	}
	return all
}

// Known returns an error if one of the globs matches no operation. It also accepts the control
// API's index and "none".
func (k *Catalogue) Known(globs string) error {
	for _, glob := range contract.SplitGlobs(globs) {
		glob = strings.TrimPrefix(glob, "!")
		if glob != "none" && !contract.NewGlob(glob).Match("control.index") && len(k.Matching(glob)) == 0 {
			return plain(k.NoOperation(file.Node{}, glob))
		}
	}
	return nil
}

// maxNamed is the maximum number of names that an error suggests.
const maxNamed = 1

// NoOperation returns an error for an unknown operation, with the most similar name.
func (k *Catalogue) NoOperation(at file.Node, id string) error {
	near := file.Nearest(id, k.names, maxNamed)
	if len(near) == 0 {
		return at.Errorf("no operation %s; standin operations lists them", id)
	}
	return at.Errorf("no operation %s; did you mean %s?", id, strings.Join(near, " or "))
}

// use fills in what the name of a documented failure sets.
func (k *Catalogue) use(r *fault.Rule, at file.Node) error {
	id, rest, _ := strings.Cut(r.Use, "/")
	code, example, named := strings.Cut(rest, "/")
	op := k.operation(id)
	if op == nil {
		return k.NoOperation(at, id)
	}
	status, err := strconv.Atoi(code)
	if err != nil || op.Response(status) == nil || status < 400 {
		return at.Errorf("%s documents no failure %q; expected %s", id, code, failures(op))
	}
	if r.Where.Operation != "" && r.Where.Operation != id || r.What.Status != 0 && r.What.Status != status {
		return at.Errorf("use: %s sets the operation and the status; the rule gives others", r.Use)
	}
	r.Where.Operation, r.What.Status = id, status
	if named {
		r.What.Example = example
	}
	return nil
}

// failures returns the statuses of an operation that are 400 or greater, as a list in words.
func failures(op *contract.Operation) string {
	var all []string
	for _, r := range op.Responses() {
		if r.Status >= 400 {
			all = append(all, strconv.Itoa(r.Status))
		}
	}
	return strings.Join(all, ", ")
}
