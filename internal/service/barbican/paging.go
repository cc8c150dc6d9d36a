package barbican

import (
	"math/big"
	"slices"
	"strconv"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// paging is which part of a list is asked for. Nothing that stands in the query
// is an error.
type paging struct {
	limit, offset, total int
	always               bool // links stand on an empty page too
}

const (
	usualLimit = 10
	mostLimit  = 100
)

// looked are the parameters that a list looks at, and the quirk by which the server
// breaks where one of them is given twice: it is a list to it.
type looked struct {
	quirk string
	names []string
}

var lists = map[string]looked{
	"barbican.consumers.list":        {repeatedLimitFails, []string{"limit", "offset"}},
	"barbican.containers.list":       {repeatedLimitFails, []string{"limit", "offset", "name", "type"}},
	"barbican.orders.list":           {repeatedLimitFails, []string{"limit", "offset"}},
	"barbican.project-quotas.list":   {repeatedLimitFails, []string{"limit", "offset"}},
	"barbican.secret-consumers.list": {secretParametersBreak, []string{"limit", "offset"}},
	"barbican.secrets.list": {secretParametersBreak, []string{
		"limit", "offset", "name", "alg", "mode", "bits", "secret_type", "acl_only", "created", "updated", "expiration", "sort",
	}},
}

// repeated is where the server breaks on a parameter that is given twice.
func repeated(c *service.Call) error {
	l, ok := lists[c.Operation.ID]
	if ok && c.Quirk(l.quirk) && slices.ContainsFunc(l.names, func(name string) bool { return len(c.Query()[name]) > 1 }) {
		return failure(policies[c.Operation.ID].what)
	}
	return nil
}

// readPaging brings limit and offset into bounds as the server does.
func readPaging(c *service.Call) *paging {
	p := &paging{limit: usualLimit}
	if n := number(c, "limit"); n != nil {
		p.limit = mostLimit
		if n.Cmp(big.NewInt(mostLimit)) < 0 {
			p.limit = max(1, int(n.Int64()))
		}
		if n.Sign() < 0 {
			p.limit = 1
		}
	}
	p.limit = c.Capped(p.limit)
	if n := number(c, "offset"); n != nil && n.Sign() > 0 && n.IsInt64() {
		p.offset = int(n.Int64())
	}
	return p
}

func number(c *service.Call, name string) *big.Int {
	s, ok := c.Last(name)
	if !ok {
		return nil
	}
	n, _ := openstack.Int(s)
	return n
}

// open writes a list up to where its items stand.
func (p *paging) open(c *service.Call, name, path string, total, items int) []byte {
	p.total = total
	c.Left(total - p.offset)
	b := value.Append(append(c.Scratch, `{"total":`...), total)
	if (items > 0 || p.always) && total-p.limit > p.offset {
		b = value.AppendString(append(b, `,"next":`...), p.link(c, path, p.offset+p.limit))
	}
	b = value.AppendString(append(b, ','), name)
	return append(b, ":["...)
}

// close writes what stands behind the items.
func (p *paging) close(b []byte, c *service.Call, path string, items int) []byte {
	b = append(b, ']')
	if (items > 0 || p.always) && p.offset > 0 {
		b = value.AppendString(append(b, `,"previous":`...), p.link(c, path, max(0, p.offset-p.limit)))
	}
	return append(b, '}')
}

func (p *paging) link(c *service.Call, path string, offset int) string {
	return ref(c, path) + "?limit=" + strconv.Itoa(p.limit) + "&offset=" + strconv.Itoa(offset)
}
