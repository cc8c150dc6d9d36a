package coverage

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// width is the maximum length of a line in columns.
const width = 100

// These are the marks of cells in a table. An answer that is not documented has none.
const (
	markProvoked = "P"
	markInjected = "I"
	markBoth     = "B"
	markNever    = "-"
)

// legend explains the marks.
const legend = `P provoked by the client   I injected by a fault   B both   - never met
Several marks in a column are the documented bodies of that status.
`

// mark returns the mark of a cell.
func (c *Cell) mark() string {
	switch {
	case c.Never():
		return markNever
	case c.Provoked > 0 && c.Injected > 0:
		return markBoth
	case c.Injected > 0:
		return markInjected
	default:
		return markProvoked
	}
}

// Text returns the report for people. No line is longer than 100 columns, unless one name is.
func (r *Report) Text() string {
	var b strings.Builder
	s := &r.Summary
	of := ""
	if r.Sandbox != "" {
		of = " of sandbox " + r.Sandbox
	}
	fmt.Fprintf(&b, "Coverage%s: %d of %d operations used, with %d documented answers.\n", of, s.UsedOperations, s.UsedOperations+len(r.Unused), s.Cells)
	fmt.Fprintf(&b, "%d provoked, %d injected, %d never met: %s of the answers were met.\n", s.Provoked, s.Injected, s.Never, Percent(s.Met()))
	if len(r.Operations) > 0 {
		b.WriteString("\n" + legend)
	}
	for _, service := range r.services() {
		for _, t := range r.tables(service) {
			b.WriteString("\n")
			t.write(&b)
		}
	}
	r.list(&b, "Never met", r.where(func(c *Cell) (string, bool) { return c.Answer, c.Documented && c.Never() }))
	r.list(&b, "Answers that the contracts do not have", r.where(func(c *Cell) (string, bool) {
		return fmt.Sprintf("%s (%d provoked, %d injected)", c.Answer, c.Provoked, c.Injected), !c.Documented
	}))
	wire := lists{}
	for _, w := range r.Wire {
		wire[w.Operation] = append(wire[w.Operation], fmt.Sprintf("%s (%d)", w.Failure, w.Count))
	}
	r.list(&b, "Connections", wire)
	words(&b, "Quirks that were on", r.Quirks)
	if r.Unmatched > 0 {
		fmt.Fprintf(&b, "\nRequests that match no operation: %d\n", r.Unmatched)
	}
	if len(r.Unused) > 0 {
		fmt.Fprintf(&b, "\nOperations that were never used (%d):\n", len(r.Unused))
		wrap(&b, " ", r.unused())
	}
	return b.String()
}

// unused returns the operations that were not used. A glob stands for those of a service or of a
// resource, if none of them was.
func (r *Report) unused() []string {
	used := map[string]bool{}
	for _, o := range r.Operations {
		used[serviceOf(o.Operation)], used[resourceOf(o.Operation)] = true, true
	}
	var names []string
	for _, u := range r.Unused {
		name := u.Operation
		for _, of := range []string{serviceOf(name), resourceOf(name)} {
			if !used[of] {
				name = of + ".*"
				break
			}
		}
		names = append(names, name)
	}
	return slices.Compact(names)
}

// resourceOf returns an operation without its last word.
func resourceOf(operation string) string {
	return operation[:max(0, strings.LastIndexByte(operation, '.'))]
}

// Percent returns a share in percent. It is rounded down, so that 100% means all.
func Percent(share float64) string {
	const tenths = 1000
	n := int(share*tenths + 1e-9) //nolint:mnd // less than the difference of two shares
	return strconv.FormatFloat(float64(n)/10, 'f', -1, 64) + "%"
}

// services returns the names of the services of the operations that were used.
func (r *Report) services() []string {
	var names []string
	for _, o := range r.Operations {
		names = append(names, serviceOf(o.Operation))
	}
	return slices.Compact(names)
}

func serviceOf(operation string) string {
	name, _, _ := strings.Cut(operation, ".")
	return name
}

// A table has a row for each operation and a column for each status.
type table struct {
	first   int // width of the first column
	columns []column
	rows    []string
}

// A column has the marks of a status by operation.
type column struct {
	head  string
	width int
	marks map[string]string
}

// tables returns the table of a service, as several tables if it is wider than a line.
func (r *Report) tables(service string) []table {
	var all table
	for _, o := range r.Operations {
		if serviceOf(o.Operation) == service {
			all.rows = append(all.rows, o.Operation)
			all.first = max(all.first, len(o.Operation))
		}
	}
	byStatus := map[int]*column{}
	for i := range r.Cells {
		c := &r.Cells[i]
		if !c.Documented || serviceOf(c.Operation) != service {
			continue
		}
		col := byStatus[c.Status()]
		if col == nil {
			col = &column{head: strconv.Itoa(c.Status()), marks: map[string]string{}}
			col.width = len(col.head)
			byStatus[c.Status()] = col
		}
		col.marks[c.Operation] += c.mark()
		col.width = max(col.width, len(col.marks[c.Operation]))
	}
	for _, s := range slices.Sorted(maps.Keys(byStatus)) {
		all.columns = append(all.columns, *byStatus[s])
	}
	return all.split()
}

// split returns tables that fit into a line, each with all rows.
func (t *table) split() []table {
	var parts []table
	left := 0
	for _, c := range t.columns {
		if left < c.width+1 || len(parts) == 0 {
			parts = append(parts, table{first: t.first, rows: t.rows})
			left = width - t.first
		}
		last := &parts[len(parts)-1]
		last.columns = append(last.columns, c)
		left -= c.width + 1
	}
	return parts
}

func (t *table) write(b *strings.Builder) {
	line := func(first string, text func(c *column) string) {
		s := fmt.Appendf(nil, "%-*s", t.first, first)
		for i := range t.columns {
			s = fmt.Appendf(s, " %-*s", t.columns[i].width, text(&t.columns[i]))
		}
		b.Write(append(bytes.TrimRight(s, " "), '\n'))
	}
	line("", func(c *column) string { return c.head })
	for _, row := range t.rows {
		line(row, func(c *column) string { return c.marks[row] })
	}
}

// lists are words by operation.
type lists map[string][]string

// where returns the texts of the cells for which of reports true.
func (r *Report) where(of func(c *Cell) (string, bool)) lists {
	all := lists{}
	for i := range r.Cells {
		c := &r.Cells[i]
		if text, ok := of(c); ok {
			all[c.Operation] = append(all[c.Operation], text)
		}
	}
	return all
}

// list writes words by operation.
func (r *Report) list(b *strings.Builder, title string, all lists) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		wrap(b, "  "+id+":", all[id])
	}
}

// words writes words under a title.
func words(b *strings.Builder, title string, all []string) {
	if len(all) > 0 {
		fmt.Fprintf(b, "\n%s (%d):\n", title, len(all))
		wrap(b, " ", all)
	}
}

// wrap writes words in lines that are not longer than width. Lines after the first are indented.
func wrap(b *strings.Builder, line string, all []string) {
	const indent = "   "
	for i, word := range all {
		if i < len(all)-1 {
			word += ","
		}
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
