package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A group is modes whose mistake an exploration does not see, for one reason.
type group struct {
	why   string
	modes []string
}

// beyond are the modes with a mistake that explored does not have.
var beyond = []group{
	{"It sends requests in vain. They change no record, and they are too few to be a load.", []string{
		"repeats-forbidden", "repeats-syntax-error", "repeats-over-quota", "keeps-token", "forgets-new-token", "sends-rest-of-body",
		"logs-in-after-every-401", "logs-in-twice", "sends-new-key",
	}},
	{"It gives up and says so, which is a clean failure.", []string{"gives-up-on-503", "gives-up-on-429", "gives-up-on-half"}},
	{"It only reads, and succeeds. What it makes of the answer shows nowhere.", []string{"takes-503-for-empty", "believes-half"}},
	{"It fails without failures, so it cannot be explored.", []string{"repeats-bad-request", "deletes-until-204", "sends-empty-body"}},
	{"It asks for records that the fixture does not have, so it fails without failures, too.", []string{
		"tries-again-at-once", "tries-again-at-once-cut", "hammers", "same-pause", "shorter-pauses", "no-jitter", "never-stops",
	}},
	{"No Retry-After that is tried has a date.", []string{"ignores-dates"}},
	{"No failure that is tried is a 500 after the record was stored. A lost reply shows the double, too.", []string{"repeats-500"}},
	{"The connection is cut in a way that lets no HTTP library repeat a request by itself.", []string{"library-repeats", "library-repeats-lost"}},
	{"No verdict looks at how many callers come at once.", []string{"comes-back-together"}},
	{"It is a silent failure, since the record has the second body. TestExplored does not count it.", []string{"sends-new-body"}},
}

// exploredTable is the part of the page about exploration that is generated.
func exploredTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "These %d mistakes lie one failure away:\n\n| client | mistake | verdict | found |\n|---|---|---|---|\n", len(explored))
	for _, m := range modes() {
		if verdict := explored[m.name]; verdict != "" {
			fmt.Fprintf(&b, "| `%s` | %s | `%s` | yes |\n", m.name, m.does, verdict)
		}
	}
	b.WriteString("\nExploration does not see these mistakes:\n\n| client | why |\n|---|---|\n")
	for _, g := range beyond {
		for _, name := range g.modes {
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, g.why)
		}
	}
	return b.String()
}

// Ensure each mode with a mistake is on the page once: with its verdict, or with why it has none.
func TestEveryModeIsExploredOrBeyond(t *testing.T) {
	t.Parallel()
	var names []string
	for _, g := range beyond {
		names = append(names, g.modes...)
	}
	for name := range explored {
		names = append(names, name)
	}
	for _, m := range modes() {
		want := 1
		if slices.ContainsFunc(right, func(r mode) bool { return r.name == m.name }) {
			want = 0
		}
		got := 0
		for _, name := range names {
			if name == m.name {
				got++
			}
		}
		if got != want {
			t.Errorf("%s is in explored and beyond %d times, want %d", m.name, got, want)
		}
	}
	if wrong := len(modes()) - len(right); len(names) != wrong {
		t.Errorf("explored and beyond have %d modes, want %d", len(names), wrong)
	}
}
