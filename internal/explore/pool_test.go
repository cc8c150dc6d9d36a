package explore

import (
	"strings"
	"testing"
	"time"

	"standin/emulator/journal"
	"standin/internal/compare"
)

// Ensure there are fewer workers for answers that never come where a client works for much of its
// time limit, so that it comes to its requests in time.
func TestWaiters(t *testing.T) {
	t.Parallel()
	const jobs = 2
	for _, c := range []struct {
		took, limit time.Duration
		want        int
	}{
		{0, time.Second, jobs * waiting},
		{100 * time.Millisecond, 46 * time.Second, jobs * waiting},
		{7 * time.Second, 60 * time.Second, jobs * waiting},
		{7 * time.Second, 30 * time.Second, jobs * 2},
		{7 * time.Second, 20 * time.Second, jobs},
		{10 * time.Second, 5 * time.Second, jobs},
	} {
		x := &Exploration{Session: &Session{base: &baseline{took: c.took}}, Jobs: jobs, Limit: c.limit}
		if got := x.waiters(); got != c.want {
			t.Errorf("a run of %s with a time limit of %s: %d workers, want %d", c.took, c.limit, got, c.want)
		}
	}
}

// Ensure the report says how many cases each request has if none is left out.
func TestCases(t *testing.T) {
	t.Parallel()
	s, err := NewSession(Options{Failures: "reset,hang,freezer.clients.show/401,freezer.clients.show/404"})
	if err != nil {
		t.Fatal(err)
	}
	s.base = &baseline{masks: map[string]*compare.Mask{}, points: []*point{{Point: Point{Operation: "freezer.clients.show", Nth: 1}, reads: true}}}
	const want = 5 // a reset once and without end, the others once
	if p := s.Report(nil, nil).Baseline.Points[0]; p.Cases != want {
		t.Errorf("%s: %d cases, want %d", p.Operation, p.Cases, want)
	}
}

// Ensure an accepted finding counts as gone only where it would have been found.
func TestGone(t *testing.T) {
	t.Parallel()
	for failures, want := range map[string]int{"": 1, "reset": 0} {
		s, err := NewSession(Options{Failures: failures})
		if err != nil {
			t.Fatal(err)
		}
		s.base = &baseline{masks: map[string]*compare.Mask{}}
		if n := len(s.Report(nil, []Accepted{{"0123456789ab", "2026-01-03", "an old one"}}).Gone); n != want {
			t.Errorf("%q: %d gone, want %d", failures, n, want)
		}
	}
}

// Ensure a command is shown without its secrets.
func TestSecretsOfCommands(t *testing.T) {
	t.Parallel()
	got := strings.Join(shown([]string{"client", "--password", "hunter2", "--token=abc", "-v", "--name", "node7"}), " ")
	if want := "client --password [hidden] --token=[hidden] -v --name node7"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Ensure a run is judged whose client clears the journal after the failure.
func TestClearedJournal(t *testing.T) {
	t.Parallel()
	s, err := NewSession(Options{Failures: "reset"})
	if err != nil {
		t.Fatal(err)
	}
	p := &point{Point: Point{Operation: "freezer.clients.list", Nth: 1}, reads: true}
	s.base = &baseline{masks: map[string]*compare.Mask{}, points: []*point{p}}
	c := s.Next()[0]
	o := &Observation{fired: map[string]uint64{ruleName: 1}, retries: &journal.Retries{}}
	if r := s.Judge(c, o); r == nil || r.Verdict != journal.Tolerated || r.Changed || r.Again {
		t.Errorf("%+v", r)
	}
}
