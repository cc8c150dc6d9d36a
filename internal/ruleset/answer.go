package ruleset

import (
	"maps"
	"slices"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/value"
)

// pages reports whether the operation has a parameter for the size of a page.
func pages(op *contract.Operation) bool {
	return !op.Stateless && slices.ContainsFunc(op.Parameters(), func(p contract.Parameter) bool {
		return p.In == "query" && p.Name == "limit"
	})
}

// NewBody returns the body that a rule makes from a body, and whether the rule changed it.
func NewBody(w *fault.What, old []byte) (body []byte, changed bool) {
	switch s, ok := w.Body.(string); {
	case ok:
		return []byte(s), true
	case w.Body != nil:
		return value.Append(nil, w.Body), true
	case w.Patch != nil:
		v, err := value.Parse(old)
		if err != nil {
			return old, false
		}
		return value.Append(nil, value.Merge(v, objectOf(w.Patch))), true
	default:
		return old, false
	}
}

// objectOf returns a patch as an object, with its members sorted by name.
func objectOf(patch map[string]any) *value.Object {
	o := value.NewObject()
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		o.Set(name, patch[name])
	}
	return o
}
