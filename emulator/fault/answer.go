package fault

import (
	"net/url"
	"strconv"

	"standin/emulator/contract"
	"standin/emulator/value"
)

// pages tells that the operation takes the size of a page.
func pages(op *contract.Operation) bool { return limitOf(op) != nil }

func limitOf(op *contract.Operation) *contract.Parameter {
	for _, p := range op.Parameters() {
		if p.In == "query" && p.Name == "limit" {
			return &p
		}
	}
	return nil
}

// CapPage lowers the limit in a query to the cap. It tells whether it did: the
// operation may have no pages, and the caller may have asked for less.
func CapPage(q url.Values, op *contract.Operation, most int) bool {
	if op == nil {
		return false
	}
	p := limitOf(op)
	if p == nil {
		return false
	}
	asked := p.Default
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 { // the service says what it thinks of that
			return false
		}
		asked = n
	}
	if asked > 0 && asked <= most {
		return false
	}
	q.Set("limit", strconv.Itoa(most))
	return true
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
