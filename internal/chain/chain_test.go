package chain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"standin/emulator/journal"
	"standin/internal/chain"
	"standin/internal/recorder"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// at is a request that takes 10 ms.
func at(ms int, operation string, status int, change func(*recorder.Step)) recorder.Step {
	s := recorder.Step{Operation: operation, Method: "GET", Path: "/" + operation, Status: status, End: journal.Answered, Began: start.Add(time.Duration(ms) * time.Millisecond), Same: 1}
	s.Ended = s.Began.Add(10 * time.Millisecond)
	if change != nil {
		change(&s)
	}
	return s
}

// Ensure requests are put together as one logical request, and no others.
func TestBuild(t *testing.T) {
	t.Parallel()
	who := func(name string) func(*recorder.Step) { return func(s *recorder.Step) { s.Caller = name } }
	token := func(n uint64, name string) func(*recorder.Step) {
		return func(s *recorder.Step) { s.Token, s.Caller = n, name }
	}
	body := func(subject uint64) func(*recorder.Step) {
		return func(s *recorder.Step) { s.Subject, s.Same = subject, subject }
	}
	end := func(e journal.Ended) func(*recorder.Step) { return func(s *recorder.Step) { s.End = e } }
	for name, c := range map[string]struct {
		steps []recorder.Step
		want  string // the chains, each with the numbers of its attempts
	}{
		"nothing":                     {nil, ""},
		"a repetition":                {[]recorder.Step{at(0, "a", 503, nil), at(100, "a", 200, nil)}, "1-2"},
		"after a success":             {[]recorder.Step{at(0, "a", 200, nil), at(100, "a", 200, nil)}, "1 2"},
		"another operation":           {[]recorder.Step{at(0, "a", 503, nil), at(100, "b", 200, nil)}, "1 2"},
		"one between":                 {[]recorder.Step{at(0, "a", 503, nil), at(50, "b", 200, nil), at(100, "a", 200, nil)}, "1-3 2"},
		"a login between":             {[]recorder.Step{at(0, "a", 401, token(1, "")), at(50, "keystone.tokens.create", 201, nil), at(100, "a", 200, token(2, "x"))}, "1-3 2"},
		"too late":                    {[]recorder.Step{at(0, "a", 503, nil), at(70_000, "a", 200, nil)}, "1 2"},
		"late, as told":               {[]recorder.Step{at(0, "a", 503, func(s *recorder.Step) { s.Told, s.HasTold = time.Minute, true }), at(70_000, "a", 200, nil)}, "1-2"},
		"another caller":              {[]recorder.Step{at(0, "a", 503, who("x")), at(100, "a", 200, who("y"))}, "1 2"},
		"a caller by its token":       {[]recorder.Step{at(0, "b", 200, token(1, "x")), at(20, "a", 401, token(1, "")), at(40, "a", 200, who("y")), at(60, "a", 200, who("x"))}, "1 2-4 3"},
		"another record":              {[]recorder.Step{at(0, "a", 503, body(1)), at(100, "a", 200, body(2))}, "1 2"},
		"without its body":            {[]recorder.Step{at(0, "a", 503, body(1)), at(100, "a", 200, body(0))}, "1-2"},
		"two at once, the same first": {[]recorder.Step{at(0, "a", 503, func(s *recorder.Step) { s.Same = 1 }), at(1, "a", 503, func(s *recorder.Step) { s.Same = 2 }), at(50, "a", 200, func(s *recorder.Step) { s.Same = 2 })}, "1 2-3"},
		"while it is under way":       {[]recorder.Step{at(0, "a", 503, nil), at(5, "a", 200, nil)}, "1 2"},
		"after it was given up":       {[]recorder.Step{at(0, "a", 0, end(journal.Aborted)), at(5, "a", 200, nil)}, "1-2"},
		"after one that is open":      {[]recorder.Step{at(0, "a", 0, end(journal.Open)), at(50, "a", 200, nil)}, "1 2"},
		"out of order":                {[]recorder.Step{at(100, "a", 200, nil), at(0, "a", 503, nil)}, "2-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range c.steps {
				c.steps[i].Sequence = uint64(i + 1)
			}
			var got []string
			for _, ch := range chain.Build(c.steps) {
				var numbers []string
				for _, s := range ch.Attempts {
					numbers = append(numbers, fmt.Sprint(s.Sequence))
				}
				got = append(got, strings.Join(numbers, "-"))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), c.want)
			}
		})
	}
}
