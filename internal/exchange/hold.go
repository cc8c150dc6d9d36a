package exchange

import (
	"net/http"
	"slices"
	"sync/atomic"

	"standin/internal/contract"
	"standin/internal/route"
	"standin/internal/service"
)

const (
	checkedFirst = 100  // number of responses, per operation and status, that are all checked
	checkedThen  = 1000 // after those, one in this many is checked
	// checkedBytes is the max size in bytes of a body that is checked by CheckSampled. A check
	// parses the whole body, which takes up to twenty times its size in memory.
	checkedBytes = 256 << 10
)

// A CheckMode says which responses are checked against the contract.
type CheckMode string

// The values of a CheckMode. The empty value is CheckSampled.
const (
	CheckAlways  CheckMode = "always"
	CheckSampled CheckMode = "sampled" // the first 100 of each operation and status, then one in 1,000; bodies up to 256 KiB
	CheckOff     CheckMode = "off"
)

// A holder checks responses against their contracts and counts violations.
type holder struct {
	mode       CheckMode
	answers    contract.Counter[*contract.Response]
	violations atomic.Uint64
	unchecked  atomic.Uint64
}

// hold checks a response against the contract of t. A response of an operation may also be one
// that the service's contract lists for all paths. The error describes the violation.
func (h *holder) hold(c *service.Call, t *target, reply *service.Reply) error {
	if reply.Stream != nil { // a stream has no body yet
		h.unchecked.Add(1)
		return nil
	}
	op := t.contract()
	switch h.mode {
	case CheckOff:
		return nil
	case CheckSampled, "":
		if r := op.Response(reply.Status); r != nil {
			if n := h.answers.Add(r); n > checkedFirst && n%checkedThen != 0 {
				return nil
			}
		}
		if len(reply.Body) > checkedBytes {
			h.unchecked.Add(1)
			return nil
		}
	}
	header := http.Header{"Content-Type": {reply.ContentType}}
	for _, f := range reply.Header {
		header.Set(f.Name, f.Value)
	}
	err := op.Check(c.Method, reply.Status, header, reply.Body)
	elsewhere := t.service.Contract.Elsewhere
	switch {
	case err == nil || elsewhere.Check(c.Method, reply.Status, header, reply.Body) == nil || quirky(c, t.service, reply, header):
		return nil
	case len(elsewhere.Responses()) == 0 && op.Response(reply.Status) == nil: // the contract lists no responses
		return nil
	}
	h.violations.Add(1)
	return err
}

// quirky reports whether the response is one that an enabled quirk causes. The quirk's contract
// lists it, or it is an error in one of the other formats of the service.
func quirky(c *service.Call, by *route.Bound, reply *service.Reply, header http.Header) bool {
	return slices.ContainsFunc(by.Contract.Quirks, func(q *contract.Quirk) bool {
		if !c.Quirks[q.Name] || q.Answers.Response(reply.Status) == nil {
			return false
		}
		return by.Contract.Elsewhere.Writes(reply.Status, reply.ContentType) ||
			q.Answers.Check(c.Method, reply.Status, header, reply.Body) == nil
	})
}
