package explore

import (
	"context"
	"slices"
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

// Trial returns an emulator that starts as the session does. The rules are armed in its default
// sandbox, and again when the client resets it.
func (s *Session) Trial(rules ...fault.Rule) (*Trial, error) {
	t, err := NewTrial(core.Options{
		Plan:     sandbox.Plan{Base: s.start},
		Exchange: exchange.Options{Check: exchange.CheckOff}, // the client is judged, not Standin
	})
	if err == nil && len(rules) > 0 {
		err = t.Sandboxes.Default().Apply(sandbox.Plan{Rules: rules})
	}
	return t, err
}

// NewTrial returns an emulator whose worlds are kept.
func NewTrial(o core.Options) (t *Trial, err error) {
	t = &Trial{worlds: map[string][]*world.World{}}
	o.Sandboxes.KeepRemoved, o.Sandboxes.Published = true, t.published
	t.Emulator, err = core.New(o)
	return t, err
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

	entries []journal.Entry           // of the default sandbox, in the order in which they began
	apart   int                       // requests to other sandboxes
	sent    uint64                    // requests to all sandboxes
	worlds  map[string][]*world.World // of each sandbox, in their order
	retries *journal.Retries
	rules   []fault.State
}

// These bound how long the emulator may take to notice that a client left a request.
const (
	settling = 2 * time.Second
	glance   = 5 * time.Millisecond
)

// settle waits until no request is in progress. A client that has ended may have left some.
func (t *Trial) settle() {
	for began := time.Now(); t.Sandboxes.Default().Serving() > 0 && time.Since(began) < settling; {
		time.Sleep(glance)
	}
}

// Observe returns what a run came to, when the client has ended.
func (t *Trial) Observe(end command.Ending) *Observation {
	t.settle()
	o := &Observation{Ending: end, sent: t.Path.Sent(), retries: t.Sandboxes.AllRetries(&journal.Grading{}), rules: t.Sandboxes.Default().Rules().States()}
	for _, e := range t.Sandboxes.AllRequests() {
		if e.Sandbox == sandbox.Default {
			o.entries = append(o.entries, e)
		} else {
			o.apart++
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
