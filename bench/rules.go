package main

import (
	"fmt"
	"strings"
)

// idle is the number of rules that fit no request.
const idle = 1000

// wheres are the kinds of rules, none of which fits a request of the load.
var wheres = []struct{ name, where string }{
	{"operation", "operation: barbican.*"},
	{"method", "method: PATCH"},
	{"path", "path: /v1/other-%d/*"},
	{"query", "query: {marker: m-%d}"},
	{"header", "header: {X-Trace: t-%d}"},
	{"caller", "caller: {user: nobody-%d}"},
	{"body", "body: {/hostname: host-%d}"},
}

var ruleRows = rowsOfRules()

func rowsOfRules() (all []row) {
	for _, w := range wheres {
		all = append(all,
			row{"rules-" + w.name, "1,000 idle rules by " + w.name, func(b *bench) (figures, error) { return b.withRules(w.where) }, budget{least: 0.78}, w.name == "path"},
			row{"rules-" + w.name + "-cost", "1,000 idle rules by " + w.name + ": processor time ÷ none", func(b *bench) (figures, error) { return b.costOfRules(w.where) }, budget{most: 1.05}, false},
		)
	}
	return all
}

// scenario writes a scenario with idle rules.
func (b *bench) scenario(where string) (string, error) {
	var text strings.Builder
	text.WriteString("name: idle\nfaults:\n")
	for i := range idle {
		w := where
		if strings.Contains(w, "%d") {
			w = fmt.Sprintf(w, i)
		}
		fmt.Fprintf(&text, "  - {name: rule-%d, where: {%s}, when: {times: 0}, what: {status: 503}}\n", i, w)
	}
	return b.file("idle.yaml", text.String())
}

// withRules compares the three servers. The other two have rules by path, or none.
func (b *bench) withRules(where string) (figures, error) {
	scenario, err := b.scenario(where)
	if err != nil {
		return figures{}, err
	}
	f, err := b.field(0, idle, everywhere(get("/v1/clients")), "--scenario", scenario)
	if err != nil {
		return figures{}, err
	}
	defer f.stop()
	return f.compare()
}

// costOfRules compares the processor time of two emulators, one of which has rules. Rules by body
// are compared with requests that have one.
func (b *bench) costOfRules(where string) (figures, error) {
	scenario, err := b.scenario(where)
	if err != nil {
		return figures{}, err
	}
	r := get("/v1/clients")
	if strings.HasPrefix(where, "body") {
		r = create
	}
	f := &field{b: b, requests: []request{r, r}}
	defer f.stop()
	for _, args := range [][]string{nil, {"--scenario", scenario}} {
		c, err := b.standin(append(args, "--fixture", "default")...)
		if err != nil {
			return figures{}, err
		}
		f.children = append(f.children, c)
	}
	return f.cost()
}
