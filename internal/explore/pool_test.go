package explore

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"standin/emulator/journal"
	"standin/internal/compare"
)

// Ensure there are more workers only where runs mostly wait: for answers that never come, with a client
// that works for little of its time limit; for other runs, with a client that leaves its processor idle.
func TestWorkers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		busy, took, limit time.Duration
		jobs, waiters     int // times the number of processors
	}{
		{0, 0, time.Second, 1, waiting},
		{20 * time.Millisecond, 400 * time.Millisecond, 46 * time.Second, waiting, waiting},
		{100 * time.Millisecond, 400 * time.Millisecond, 46 * time.Second, 2, waiting},
		{300 * time.Millisecond, 400 * time.Millisecond, 46 * time.Second, 1, waiting},
		{time.Second, 400 * time.Millisecond, 46 * time.Second, 1, waiting}, // it has several threads
		{7 * time.Second, 7 * time.Second, 60 * time.Second, 1, waiting},
		{7 * time.Second, 7 * time.Second, 30 * time.Second, 1, 2},
		{7 * time.Second, 7 * time.Second, 20 * time.Second, 1, 1},
		{7 * time.Second, 10 * time.Second, 5 * time.Second, 1, 1},
	} {
		x := &Exploration{Session: &Session{base: &baseline{took: c.took, busy: c.busy}}, Limit: c.limit}
		n := runtime.GOMAXPROCS(0)
		if jobs, waiters := x.jobs(), x.waiters(); jobs != n*c.jobs || waiters != n*c.waiters {
			t.Errorf("%s of work in a run of %s with a time limit of %s: %d and %d workers, want %d and %d", c.busy, c.took, c.limit, jobs, waiters, n*c.jobs, n*c.waiters)
		}
		if x.Jobs = 3; x.jobs() != 3 {
			t.Errorf("%d workers, want 3", x.jobs())
		}
	}
}

// Ensure all iterations of a loop but the first are one call site.
func TestCallSites(t *testing.T) {
	t.Parallel()
	b := before{}
	for _, c := range []struct {
		operation string
		want      before // when it is requested
	}{
		{"login", before{}},
		{"create", before{"login"}},
		{"create", before{"create", "login"}},
		{"create", before{"create", "login"}},
		{"show", before{"create", "login"}},
		{"create", before{"show", "create"}},
		{"show", before{"create", "show"}},
	} {
		if b != c.want {
			t.Errorf("%s after %v, want %v", c.operation, b, c.want)
		}
		b = b.then(c.operation)
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
