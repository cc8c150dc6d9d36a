package coverage

import (
	"fmt"
	"strings"
)

// Scenario returns a scenario in YAML with a rule for each cell that was not met. The nth request
// to an operation gets the nth of its missing answers. Failures come before other answers, and
// operations that were used before those that were not.
func (r *Report) Scenario() []byte {
	used, unused := r.missing()
	var b strings.Builder
	b.WriteString("# Written by standin report coverage. Each rule fires once: the first request to an operation\n" +
		"# gets the first of its answers, the next request the next.\n" +
		"name: missing-answers\n" +
		"about: Brings each documented answer that was not met yet, once.\n" +
		"fixture: default\n")
	if len(used)+len(unused) == 0 {
		b.WriteString("faults: []\n")
		return []byte(b.String())
	}
	b.WriteString("faults:\n")
	for _, line := range used {
		b.WriteString(line)
	}
	if len(unused) > 0 {
		b.WriteString("  # The operations below were not used.\n")
	}
	for _, line := range unused {
		b.WriteString(line)
	}
	return []byte(b.String())
}

// missing returns the rules for the cells of the operations that were used, and of the others.
func (r *Report) missing() (used, unused []string) {
	for _, fails := range []bool{true, false} {
		for i := range r.Cells {
			c := &r.Cells[i]
			if c.Documented && c.Never() && c.Status() >= firstError == fails {
				used = append(used, rule(c))
			}
		}
		for _, u := range r.Unused {
			for _, answer := range u.Answers {
				c := &Cell{Operation: u.Operation, Answer: answer}
				if c.Status() >= firstError == fails {
					unused = append(unused, rule(c))
				}
			}
		}
	}
	return used, unused
}

// rule returns the line of a rule that brings a cell.
func rule(c *Cell) string {
	name := strings.ReplaceAll(c.Operation+"/"+c.Answer, "/", "-")
	if c.Status() >= firstError {
		return fmt.Sprintf("  - {name: %s, use: %s/%s, when: {times: 1}}\n", name, c.Operation, c.Answer)
	}
	return fmt.Sprintf("  - {name: %s, where: {operation: %s}, what: {status: %s}, when: {times: 1}}\n", name, c.Operation, c.Answer)
}
