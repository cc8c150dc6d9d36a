package barbican

import (
	"math/big"
	"net/http"
	"slices"
	"strconv"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// paging is the part of a list that a query asks for. Every query is valid.
type paging struct {
	limit, offset int
	always        bool // an empty page has links too
}

const (
	defaultLimit = 10
	maxLimit     = 100
)

// query returns a check for repeated parameters. The server reads a repeated parameter as a list
// and fails (barbican/secrets-list.yaml: "a limit twice"). The check does nothing unless the
// quirk is on.
func query(quirk string, names ...string) func(*service.Call) error {
	return func(c *service.Call) error {
		if c.Quirks[quirk] && slices.ContainsFunc(names, func(name string) bool { return len(c.Query()[name]) > 1 }) && c.Quirk(quirk) {
			return failure(attempt(c)).RefusedBy("query")
		}
		return nil
	}
}

// readPaging limits limit and offset as the server does
// (barbican/consumers-paging.yaml: "a limit"). Values that are not numbers are ignored
// (barbican/consumers-paging.yaml: "an offset").
func readPaging(c *service.Call) *paging {
	p := &paging{limit: defaultLimit}
	if n := number(c, "limit"); n != nil {
		p.limit = maxLimit
		if n.Cmp(big.NewInt(maxLimit)) < 0 {
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

// open writes a list up to its items.
func (p *paging) open(c *service.Call, name, path string, total, items int) value.Writer {
	c.Left(total - p.offset)
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("total").Int(int64(total))
	if (items > 0 || p.always) && total-p.limit > p.offset {
		w.Name("next").Text(p.link(c, path, p.offset+p.limit))
	}
	w.Name(name).BeginList()
	return w
}

// close writes what follows the items, and returns the response.
func (p *paging) close(w *value.Writer, c *service.Call, path string, items int) service.Reply {
	w.EndList()
	if (items > 0 || p.always) && p.offset > 0 {
		w.Name("previous").Text(p.link(c, path, max(0, p.offset-p.limit)))
	}
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes())
}

func (p *paging) link(c *service.Call, path string, offset int) string {
	return ref(c, path) + "?limit=" + strconv.Itoa(p.limit) + "&offset=" + strconv.Itoa(offset)
}
