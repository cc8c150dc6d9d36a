package ruleset

import (
	"slices"
	"strconv"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/file"
)

// A Catalogue knows the operations that rules can be about, and the failures that
// their contracts document.
type Catalogue struct {
	operations []*contract.Operation
	names      []string
	quirks     []*contract.Quirk
}

// NewCatalogue is the catalogue of these contracts.
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

// A Failure is an error that a contract lists for an operation.
type Failure struct {
	Name        string            `json:"name"` // OPERATION/STATUS, as Use takes it
	Operation   string            `json:"operation"`
	Status      int               `json:"status"`
	Reason      string            `json:"reason"`
	Evidence    contract.Evidence `json:"evidence"`
	Description string            `json:"description"`
	Examples    []string          `json:"examples"` // named bodies: OPERATION/STATUS/EXAMPLE
}

// Failures lists all errors of all operations, in the order of the contracts.
func (k *Catalogue) Failures() []Failure {
	var all []Failure
	for _, op := range k.operations {
		for _, r := range op.Responses {
			if r.Status >= 400 {
				all = append(all, Failure{
					Name: op.ID + "/" + strconv.Itoa(r.Status), Operation: op.ID, Status: r.Status, Reason: r.Reason,
					Evidence: r.Evidence, Description: r.Description, Examples: append([]string{}, r.Examples()...),
				})
			}
		}
	}
	return all
}

// Find finds a failure by its name, and its bodies: all of them, or the one that the
// name OPERATION/STATUS/EXAMPLE says.
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
	return Failure{}, nil, nil // use has found it
}

// operation finds an operation by its id; nil if there is none.
func (k *Catalogue) operation(id string) *contract.Operation {
	if i := slices.Index(k.names, id); i >= 0 {
		return k.operations[i]
	}
	return nil
}

// Matching lists the operations that globs match, as Where.Operation has them.
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

// Known returns an error if one of the globs matches no operation. The control API's index
// and "none" are known as well.
func (k *Catalogue) Known(globs string) error {
	for _, glob := range contract.SplitGlobs(globs) {
		glob = strings.TrimPrefix(glob, "!")
		if glob != "none" && !contract.NewGlob(glob).Match("control.index") && len(k.Matching(glob)) == 0 {
			return plain(k.NoOperation(file.Node{}, glob))
		}
	}
	return nil
}

// maxNamed is how many names a message lists.
const maxNamed = 1

// NoOperation returns the error that there is no operation of the name, with the name that
// is most like it.
func (k *Catalogue) NoOperation(at file.Node, id string) error {
	near := file.Nearest(id, k.names, maxNamed)
	if len(near) == 0 {
		return at.Errorf("no operation %s; standin operations lists them", id)
	}
	return at.Errorf("no operation %s; did you mean %s?", id, strings.Join(near, " or "))
}

// use fills in what the name of a documented failure means.
func (k *Catalogue) use(r *fault.Rule, at file.Node) error {
	id, rest, _ := strings.Cut(r.Use, "/")
	code, example, named := strings.Cut(rest, "/")
	op := k.operation(id)
	if op == nil {
		return k.NoOperation(at, id)
	}
	status, err := strconv.Atoi(code)
	if err != nil || op.Response(status) == nil || status < 400 {
		return at.Errorf("%s documents no failure %q; it has %s", id, code, failures(op))
	}
	if r.Where.Operation != "" && r.Where.Operation != id || r.What.Status != 0 && r.What.Status != status {
		return at.Errorf("use: %s says which operation and status; the rule says others", r.Use)
	}
	r.Where.Operation, r.What.Status = id, status
	if named {
		r.What.Example = example
	}
	return nil
}

// failures lists the statuses of an operation from 400 on.
func failures(op *contract.Operation) string {
	var all []string
	for _, r := range op.Responses {
		if r.Status >= 400 {
			all = append(all, strconv.Itoa(r.Status))
		}
	}
	return strings.Join(all, ", ")
}
