package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A pageRow is a row of the matrix: a request of the client.
type pageRow struct {
	Request string
	About   string
	Left    string // why the whole row is left out
	Cells   []pageCell
}

// A pageColumn is a column of the matrix: a way in which requests fail.
type pageColumn struct {
	Name  string
	About string

	key columnKey
}

type columnKey struct {
	wire    int // the index in the list of failures that no contract documents, or beyond it
	name    string
	forever bool
}

// matrix sets the columns and the rows of a page, and the runs that belong in no row.
func (s *Session) matrix(x *Report, p *page) {
	of := map[int]*Finding{}
	for i := range x.Findings {
		for _, n := range x.Findings[i].Runs {
			of[n] = &x.Findings[i]
		}
	}
	columns := map[columnKey]pageColumn{}
	placed := map[*Result]bool{}
	all := make([]map[columnKey]pageCell, len(s.base.points))
	for i, q := range s.base.points {
		all[i] = map[columnKey]pageCell{}
		for _, c := range s.candidates(q) {
			k := c.column()
			r := s.results[c.key()]
			if r != nil {
				all[i][k], placed[r] = r.cell(of[r.Number]), true
			} else if why := s.why(c, x); why != "" {
				all[i][k] = left(why, c)
			}
			_, known := columns[k]
			if _, has := all[i][k]; has && !known && (r != nil || !c.forever) {
				columns[k] = c.heading()
			}
		}
	}
	for _, c := range columns {
		p.Columns = append(p.Columns, c)
	}
	slices.SortFunc(p.Columns, func(a, b pageColumn) int { return a.key.compare(b.key) })
	for i, q := range s.base.points {
		p.Rows = append(p.Rows, row(q, p.Columns, all[i]))
	}
	for _, r := range s.inOrder() {
		if !placed[r] {
			p.Others = append(p.Others, r.cell(of[r.Number]))
			p.Others[len(p.Others)-1].Title = brief(fmt.Sprintf("Run %d: %s", r.Number, r.title()))
		}
	}
}

// row returns the row of a point. If all of its cells are left out for one reason, it has only that.
func row(q *point, columns []pageColumn, cells map[columnKey]pageCell) pageRow {
	r := pageRow{Request: brief(q.Request), About: fmt.Sprintf("%s · %d", q.Operation, q.Nth)}
	whole, runs := map[string]int{}, 0
	for _, c := range columns {
		cell := cells[c.key]
		r.Cells = append(r.Cells, cell)
		if cell.Run > 0 {
			runs++
		} else if cell.Word != "" {
			whole[cell.Word]++
		}
	}
	if runs == 0 && len(whole) == 1 {
		for why, n := range whole {
			r.Left = fmt.Sprintf("%s: %s left out", why, plural(n, "failure"))
		}
	}
	return r
}

// candidates returns the cases that are possible at a point, with one failure.
func (s *Session) candidates(q *point) (all []*Case) {
	for _, f := range s.failures(q) {
		all = append(all, &Case{point: q, failure: f})
		if f.endless {
			all = append(all, &Case{point: q, failure: f, forever: true})
		}
	}
	return all
}

// short is the name of the failure, without its operation.
func (c *Case) short() string { return short(c.failure.name, c.point.Operation) }

func (c *Case) column() columnKey {
	i := slices.IndexFunc(wire, func(f failure) bool { return f.name == c.failure.name })
	if i < 0 {
		i = len(wire)
	}
	return columnKey{i, c.short(), c.forever}
}

func (k columnKey) compare(o columnKey) int {
	if n := cmp.Or(cmp.Compare(k.wire, o.wire), strings.Compare(k.name, o.name)); n != 0 || k.forever == o.forever {
		return n
	}
	if o.forever {
		return -1
	}
	return 1
}

// heading returns the column of a case.
func (c *Case) heading() pageColumn {
	h := pageColumn{Name: c.short(), About: c.failure.about, key: c.column()}
	if c.forever {
		h.Name += " ∞"
		h.About += "; so does each later such request"
	}
	return h
}

func left(why string, c *Case) pageCell {
	for _, m := range meanings {
		if m.Word == why {
			return pageCell{Word: why, Title: c.heading().Name + ": " + m.Title}
		}
	}
	return pageCell{Word: why, Title: c.heading().Name + ": left out"}
}

// why returns why a case with one failure has no run. It is empty if the case was not due.
func (s *Session) why(c *Case, x *Report) string {
	if why := s.plan.reasons[c.key()]; why != "" || x.Complete || c.forever {
		return why
	}
	return notRun
}
