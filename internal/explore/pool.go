package explore

import (
	"context"
	"runtime"
	"sync"
	"time"

	"standin/internal/command"
)

// An Exploration runs the cases of a session with workers.
type Exploration struct {
	Session *Session
	// Client runs the client once against the emulator of a trial, within a time limit. It is called
	// by several workers at once. The number is that of the case; 0 is a run without failures.
	Client  func(ctx context.Context, number int, t *Trial, limit time.Duration) (command.Ending, error)
	Jobs    int                   // the number of runs at once; 0 means the number of processors, and more where runs mostly wait
	Limit   time.Duration         // the time limit of a run; 0 means Session.Limit
	Time    time.Duration         // no run begins later than this after the first; 0 means no limit
	Earlier map[string]*Result    // results of an exploration that was cut, by Result.Name
	Begin   func() error          // is called when the runs without failures are done; may be nil
	Keep    func(r *Result) error // stores a new result; workers call it at the same time; may be nil
	Show    func(p Progress)      // shows the progress; workers call it at the same time; may be nil

	mu       sync.Mutex
	progress Progress
	began    time.Time
	problem  error
}

// Progress is how far an exploration is.
type Progress struct {
	Done, Left int           // runs; more may follow from their results
	Bad        int           // runs with a bad verdict
	Remaining  time.Duration // how long the known runs will take; 0 if that is unknown
}

// waiting is how many times as many workers there are at most, where runs mostly wait.
const waiting = 4

// waiters returns the number of workers for answers that never come. There are fewer where a client
// works for much of its time limit. Else such clients keep each other from their requests.
func (x *Exploration) waiters() int { return x.times(x.Limit, x.Session.base.took) }

// jobs returns the number of workers for all other runs. There are more for a client that leaves its
// processor idle.
func (x *Exploration) jobs() int {
	if x.Jobs > 0 {
		return x.Jobs
	}
	return x.times(x.Session.base.took, x.Session.base.busy)
}

// times returns the number of workers for runs that work in a part of their time: with twice as much
// work as was seen, they still leave the processors idle.
func (x *Exploration) times(took, work time.Duration) int {
	return runtime.GOMAXPROCS(0) * int(min(max(took/(2*max(work, time.Millisecond)), 1), waiting))
}

// baselineLimit is the time limit of the first run without failures.
const baselineLimit = 10 * time.Minute

// ErrInterrupted is returned when the context ended before all cases were run.
var ErrInterrupted = command.ErrInterrupted

// Run runs the client without failures, and then each case. If the context ends, Run returns
// ErrInterrupted, and the session has the results until then.
func (x *Exploration) Run(ctx context.Context) error {
	if err := x.baseline(ctx); err != nil {
		return err
	}
	x.began = time.Now()
	for cases := x.Session.Next(); len(cases) > 0; cases = x.Session.Next() {
		x.progress.Left += len(cases)
		var all sync.WaitGroup
		quick, slow := make(chan *Case, len(cases)), make(chan *Case, len(cases))
		for _, c := range cases {
			if x.Jobs == 0 && c.failure.waits() {
				slow <- c
			} else {
				quick <- c
			}
		}
		close(quick)
		close(slow)
		for range x.jobs() {
			all.Go(func() { x.work(ctx, quick) })
		}
		for range min(x.waiters(), len(slow)) {
			all.Go(func() { x.work(ctx, slow) })
		}
		all.Wait()
		if x.problem != nil {
			return x.problem
		}
	}
	return nil
}

// baseline runs the client twice without failures.
func (x *Exploration) baseline(ctx context.Context) error {
	var runs [2]*Observation
	limit := x.Limit
	if limit == 0 {
		limit = baselineLimit
	}
	began := time.Now()
	for i := range runs {
		if i > 0 { // so that names with the time of day differ
			time.Sleep(max(0, nextSecond-time.Since(began)))
		}
		t, err := x.Session.Trial()
		if err != nil {
			return err
		}
		if runs[i], err = t.Run(ctx, func(t *Trial) (command.Ending, error) { return x.Client(ctx, 0, t, limit) }); err != nil {
			return err
		}
		if !runs[i].succeeded() {
			return &BaselineError{runs[i].Ending}
		}
	}
	if err := x.Session.SetBaseline(runs[0], runs[1]); err != nil {
		return err
	}
	if x.Limit == 0 {
		x.Limit = x.Session.Limit()
	}
	if x.Begin != nil {
		return x.Begin()
	}
	return nil
}

// nextSecond is how long after the first run without failures the second one begins at least.
const nextSecond = 1100 * time.Millisecond

// work runs cases until there are no more, or one could not be run.
func (x *Exploration) work(ctx context.Context, cases <-chan *Case) {
	for c := range cases {
		switch late := x.Time > 0 && time.Since(x.began) > x.Time; {
		case x.failed() != nil:
		case late:
			x.note(c, nil, true)
		default:
			r, err := x.one(ctx, c)
			if err != nil {
				x.fail(err)
				continue
			}
			x.note(c, r, false)
		}
	}
}

// one runs a case, unless it was run before.
func (x *Exploration) one(ctx context.Context, c *Case) (*Result, error) {
	if r := x.Earlier[c.Name()]; r != nil && x.Session.again(c, r) {
		return r, nil
	}
	r, err := x.run(ctx, c)
	if r == nil && err == nil { // on a busy machine a client may give up before it comes to its request
		r, err = x.run(ctx, c)
	}
	if r == nil || err != nil || x.Keep == nil {
		return r, err
	}
	return r, x.Keep(r)
}

// run runs a case and judges it. The result is nil if the request of the case did not come.
func (x *Exploration) run(ctx context.Context, c *Case) (*Result, error) {
	t, err := x.Session.Trial(c.Rules()...)
	if err != nil {
		return nil, err
	}
	o, err := t.Run(ctx, func(t *Trial) (command.Ending, error) { return x.Client(ctx, c.Number, t, x.Limit) })
	if err != nil {
		return nil, err
	}
	return x.Session.Judge(c, o), nil
}

// note adds a result to the session, and shows the progress. A nil result means that the request of
// the case did not come, or that the time is used up.
func (x *Exploration) note(c *Case, r *Result, late bool) {
	if p := x.advance(c, r, late); x.Show != nil {
		x.Show(p)
	}
}

// advance adds a result to the session, and returns the progress.
func (x *Exploration) advance(c *Case, r *Result, late bool) Progress {
	x.mu.Lock()
	defer x.mu.Unlock()
	if late {
		x.Session.Leave(c)
	} else if x.Session.add(c, r); r != nil && !r.Verdict.Good() {
		x.progress.Bad++
	}
	p := &x.progress
	p.Done, p.Left = p.Done+1, p.Left-1
	p.Remaining = time.Since(x.began) / time.Duration(p.Done) * time.Duration(p.Left)
	return *p
}

func (x *Exploration) failed() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.problem
}

func (x *Exploration) fail(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.problem == nil {
		x.problem = err
	}
}
