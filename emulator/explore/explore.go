// Package explore runs a client in a Go test with every documented failure at every request that it
// makes, and fails the test where the client loses data without an error.
//
//	func TestSync(t *testing.T) {
//		explore.Run(t, func(ctx context.Context, s *emulator.Sandbox) error {
//			return sync(ctx, newClient(s.URL, s.Client()))
//		})
//	}
//
// The client first runs without failures. Then it runs once for each failure at each of its
// requests, in a sub-test that is named after the operation and the failure:
//
//	go test -run 'TestSync/freezer.clients.create-1/lost-reply'
//
// A run is good if the client returns nil and leaves the records that it leaves without failures,
// or returns an error and leaves no record that a run without failures never has. The command
// standin explore does the same for clients in any language.
package explore

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/internal/inside"
	"standin/internal/explore"
)

// A Client does the work that is explored, once, against a sandbox of its own. Its error is the
// failure of the work. A panic is a crash. It should end when the context ends; then it hangs.
type Client func(ctx context.Context, s *emulator.Sandbox) error

// Options say what is explored. The zero Options explore everything in real time.
type Options struct {
	// Sandbox says how each run starts. The default fixture is "default".
	Sandbox []emulator.SandboxOption
	// Only selects operations at whose requests failures are tried, as globs: freezer.*. Empty means
	// all operations.
	Only string
	// Failures selects failures, as globs: lost-reply, half-answer, dead-token, reset, unavailable,
	// hang, unanswered, or documented ones such as */503. Empty means all but those that only a wrong request
	// brings, such as 405 and 415.
	Failures string
	// All tries each failure at each request, once and without end. Without All, cases are left out
	// that most probably show nothing else.
	All bool
	// Depth is the number of failures in one run: 1 (also 0), or 2 to add a second one after failures
	// that changed what followed.
	Depth int
	// MaxRuns is the maximum number of runs with failures. 0 means no limit.
	MaxRuns int
	// Timeout is the time limit of a run. A client that does not end in it hangs. The default is 45
	// seconds and ten times the run without failures. It must be shorter than five minutes.
	Timeout time.Duration
	// Virtual runs each client in a bubble of testing/synctest, on virtual time. The client must then
	// use Sandbox.Client, and no network.
	Virtual bool
	// Accepted lists the fingerprints of findings that are known. They do not fail the test.
	Accepted []string
}

// Run explores a client with the zero Options. It must succeed without failures.
func Run(t *testing.T, client Client) {
	t.Helper()
	Options{}.Run(t, client)
}

// Run explores a client. Each finding fails the sub-test of its case, and has a fingerprint that
// Accepted can list.
func (o Options) Run(t *testing.T, client Client) {
	t.Helper()
	sandbox := slices.Clone(o.Sandbox)
	plan, err := inside.Plan(sandbox)
	if err != nil {
		t.Fatalf("standin: %v", err)
	}
	s, err := explore.NewSession(explore.Options{Plan: plan, Only: o.Only, Failures: o.Failures, All: o.All, Depth: o.Depth, MaxRuns: o.MaxRuns})
	if err != nil {
		t.Fatalf("standin: %v", err)
	}
	r := runner{Options: o, session: s, client: client}
	if err := s.SetBaseline(r.run(t, nil), r.run(t, nil)); err != nil {
		t.Fatalf("standin: %v", err)
	}
	if r.Timeout == 0 {
		r.Timeout = s.Limit()
	}
	for cases := s.Next(); len(cases) > 0; cases = s.Next() {
		for _, c := range cases {
			r.test(t, c)
		}
	}
}

// A runner runs a client.
type runner struct {
	Options

	session *explore.Session
	client  Client
}

// test runs a case in a sub-test.
func (r *runner) test(t *testing.T, c *explore.Case) {
	t.Helper()
	ran := false
	t.Run(c.Name(), func(t *testing.T) {
		ran = true
		result := r.session.Add(c, r.run(t, c))
		if result == nil || result.Verdict.Good() {
			return
		}
		if f := result.Cause(); slices.Contains(r.Accepted, f.Fingerprint) {
			t.Logf("accepted: %s", f)
		} else {
			t.Errorf("%s", f)
		}
	})
	if !ran { // by -run
		r.session.Filtered(c)
	}
}

// run runs the client once; a nil case is a run without failures.
func (r *runner) run(t *testing.T, c *explore.Case) (o *explore.Observation) {
	t.Helper()
	if r.Virtual {
		synctest.Test(t, func(t *testing.T) { o = r.once(t, c) })
		return o
	}
	return r.once(t, c)
}

// once runs the client against an emulator of its own.
func (r *runner) once(t *testing.T, c *explore.Case) *explore.Observation {
	t.Helper()
	var rules []fault.Rule
	if c != nil {
		rules = c.Rules()
	}
	trial, err := r.session.Trial(rules...)
	if err != nil {
		t.Fatalf("standin: %v", err)
	}
	url, client, stop := memoryURL, trial.Transport.MemoryClient, trial.Transport.Close
	if !r.Virtual {
		srv, err := trial.Start(context.Background())
		if err != nil {
			t.Fatalf("standin: %v", err)
		}
		own := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: idle}}
		url, client, stop = srv.URL, func() *http.Client { return own }, func() error {
			own.CloseIdleConnections()
			return srv.Close()
		}
	}
	defer func() { _ = stop() }()
	box := inside.Sandbox(trial.Emulator, url, client).(*emulator.Sandbox)
	end, err := explore.Call(r.Timeout, stop, func(ctx context.Context) error { return r.client(ctx, box) })
	if err != nil {
		t.Errorf("standin: %v", err)
	}
	return trial.Observe(end)
}

// memoryURL is the URL of an emulator in memory.
const memoryURL = "http://standin"

// idle is how many idle connections a client keeps.
const idle = 20
