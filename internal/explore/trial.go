package explore

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/command"
	"standin/internal/core"
	"standin/internal/exchange"
	"standin/internal/sandbox"
	"standin/internal/world"
)

// A Trial is an emulator for one run of the client.
type Trial struct {
	*core.Emulator
	URL string // where the client finds it, once it listens

	mu     sync.Mutex
	worlds map[string][]*world.World // of each sandbox, in their order
}

// Trial returns an emulator that starts as the session does. Each of its sandboxes has the rules, also
// after a reset.
func (s *Session) Trial(rules ...fault.Rule) (*Trial, error) {
	return NewTrial(core.Options{
		Plan:     sandbox.Plan{Base: s.start, Rules: rules},
		Exchange: exchange.Options{Check: exchange.CheckOff}, // the client is judged, not Standin
	})
}

// NewTrial returns an emulator whose worlds are kept.
func NewTrial(o core.Options) (t *Trial, err error) {
	t = &Trial{worlds: map[string][]*world.World{}}
	o.Sandboxes.KeepRemoved, o.Sandboxes.Published = true, t.published
	t.Emulator, err = core.New(o)
	return t, err
}

// Environment returns the variables with which the client of a run finds the emulator. The number is
// that of the case; 0 is a run without failures.
func (t *Trial) Environment(number int) []string {
	return append(t.Sandboxes.Default().Environment(t.URL), "STANDIN_RUN="+strconv.Itoa(number))
}

// published keeps a world that a sandbox got. It is called under the lock of the sandbox.
func (t *Trial) published(box string, w *world.World) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.worlds[box] = append(t.worlds[box], w)
}

// Run starts the emulator on a free port, and calls the client with its address.
func (t *Trial) Run(ctx context.Context, client func(t *Trial) (command.Ending, error)) (*Observation, error) {
	srv, err := t.Start(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	defer srv.Close()
	t.URL = srv.URL
	end, err := client(t)
	if err != nil {
		return nil, err
	}
	return t.Observe(end), nil
}

// An Observation is what a run came to: how the client ended, what it requested, and what it left.
type Observation struct {
	command.Ending

	entries []journal.Entry           // of all sandboxes, in the order in which they began
	sent    uint64                    // requests to all sandboxes
	worlds  map[string][]*world.World // of each sandbox, in their order
	retries *journal.Retries
	fired   map[string]uint64 // how often each rule fired, by its name
}

// succeeded reports whether the client ended in time and without an error.
func (o *Observation) succeeded() bool { return o.Code == 0 && o.Signal == 0 && !o.Stopped }

// These bound how long the emulator may take to notice that a client left a request.
const (
	settling = 2 * time.Second
	glance   = 5 * time.Millisecond
)

// settle waits until no request is in progress. A client that has ended may have left some.
func (t *Trial) settle() {
	serving := func(s *sandbox.Sandbox) bool { return s.Serving() > 0 }
	for began := time.Now(); slices.ContainsFunc(t.Sandboxes.List(), serving) && time.Since(began) < settling; {
		time.Sleep(glance)
	}
}

// Observe returns what a run came to, when the client has ended.
func (t *Trial) Observe(end command.Ending) *Observation {
	t.settle()
	o := &Observation{Ending: end, sent: t.Path.Sent(), retries: t.Sandboxes.AllRetries(&journal.Grading{}), entries: t.Sandboxes.AllRequests(), fired: map[string]uint64{}}
	for _, s := range t.Sandboxes.List() {
		for _, st := range s.Rules().States() {
			o.fired[st.Name] += st.Fired
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o.worlds = make(map[string][]*world.World, len(t.worlds))
	for name, all := range t.worlds {
		o.worlds[name] = slices.Clone(all)
	}
	return o
}
