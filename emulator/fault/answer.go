package fault

import (
	"slices"

	"standin/internal/contract"
	"standin/internal/value"
)

// pages reports whether the operation takes the size of a page, and looks at it.
func pages(op *contract.Operation) bool {
	return !op.Stateless && slices.ContainsFunc(op.Parameters(), func(p contract.Parameter) bool {
		return p.In == "query" && p.Name == "limit"
	})
}

// text tells that a value is written as it is, not as JSON.
func (w *What) text() (string, bool) {
	s, ok := w.Body.(string)
	return s, ok
}

// NewBody is the body in place of another one, if the rule has one or patches it.
func (w *What) NewBody(old []byte) (body []byte, changed bool) {
	switch s, ok := w.text(); {
	case ok:
		return []byte(s), true
	case w.Body != nil:
		return value.Append(nil, w.Body), true
	case w.Patch != nil:
		v, err := value.Parse(old)
		if err != nil {
			return old, false
		}
		return value.Append(nil, value.Merge(v, w.Patch)), true
	default:
		return old, false
	}
}
