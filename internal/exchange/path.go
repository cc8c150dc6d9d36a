// Package exchange is the request path: what happens between a request and its answer,
// whatever service it is for. It is the only package that writes answers.
//
// A request goes through stations, each a file:
//
//	address  which sandbox it names, under which address it came
//	match    the service and the operation
//	guard    may it come in at all, before anything of it is read     [→ refused]
//	enter    the sandbox                                              [→ refused]
//	body     read, up to its bound                                    [→ it broke off]
//	record   the journal opens
//	decide   the rules that fire                                      [→ refused]
//	fault    what rules do before the handler                         [→ broken off, answered]
//	answer   who is calling, the service's checks, the handler in a transaction
//	hold     the answer to the contract
//	fault    what rules make of the answer                            [→ broken off]
//	send     the journal closes, the answer goes out: at once, at a pace, broken
//
// What a station finds is a value for the next one. How an exchange ends on the wire is a
// value as well: an end.
package exchange

import (
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
	"standin/internal/route"
	"standin/internal/ruleset"
	"standin/internal/sandbox"
	"standin/internal/service"
	"standin/internal/transport"
)

// A Config is what a path needs.
type Config struct {
	Routes    *route.Table
	Sandboxes *sandbox.Registry
	Rules     *ruleset.Catalogue // for rules that requests bring along
	Own       Own
	Options
}

// A Path is the request path of an emulator. Its methods may be used from many goroutines.
type Path struct {
	Config

	apart      atomic.Bool // the fallback service has a listener of its own
	sent       atomic.Uint64
	violations atomic.Uint64
	unchecked  atomic.Uint64
	held       counts
}

// Own is what the path knows of the emulator's own API, which the fallback service answers.
type Own struct {
	Health  string            // the path that is answered whatever bound is reached
	Off     bool              // all else of it is turned off
	Aliases map[string]string // other paths by which it is known
}

// Options of a path. The zero value of each is its default.
type Options struct {
	Settings        service.Settings
	Check           CheckMode // CheckSampled
	Report          func(violation error)
	Log             *slog.Logger // exchanges at debug level, violations as warnings, bugs as errors; never nil
	Lines           Lines
	NoRequestFaults bool          // the header X-Standin-Fault is passed over
	Connections     int           // the bound, for the words of a refusal
	Patience        time.Duration // with clients that do not read a piece of an answer
}

// New makes a path.
func New(c Config) *Path {
	p := &Path{Config: c, held: counts{}}
	for _, b := range c.Routes.Services {
		for _, op := range append(slices.Clone(b.Contract.Operations), b.Contract.Elsewhere) {
			p.held.know(op)
		}
	}
	return p
}

// Apart says that the fallback service has a listener of its own: no other answers for it.
func (p *Path) Apart() { p.apart.Store(true) }

// Sent is how many requests came to all sandboxes. Those to the fallback service do not count.
func (p *Path) Sent() uint64 { return p.sent.Load() }

// Violations is how many answers were found not to keep to the contract.
func (p *Path) Violations() uint64 { return p.violations.Load() }

// Unchecked is how many answers were too long to be held to the contract.
func (p *Path) Unchecked() uint64 { return p.unchecked.Load() }

// An exchange is one request on its way. Each group of members is written by the station that
// it is named after, and read by later ones.
type exchange struct {
	path    *Path
	request *http.Request
	conn    *transport.Conn // nil behind a listener that is not ours
	reused  bool            // the connection had carried a request before

	// address
	inside string // how the sandbox stands in the path: /~NAME, or nothing

	// match
	service *route.Bound
	prefix  string           // under which the service was reached
	matched *route.Operation // nil outside every operation
	call    service.Call

	// guard, enter, decide
	refused *refusal // nil: it is carried out

	// enter
	sandbox *sandbox.Sandbox
	entered bool // the sandbox counts the exchange
	made    bool // the exchange has made the sandbox

	// record
	began     time.Time
	journaled bool
	ticket    recorder.Ticket
	closing   recorder.Closing
	ended     journal.Ended

	// decide
	own      *ruleset.Armed // the rule that the request brought along
	decision ruleset.Decision

	// answer, and what rules make of it
	problem error // what stands behind a 500
	reply   service.Reply
	undated bool // the answer has no Date
}

// exchanges are used again, with the buffers that their answers are written to.
var exchanges = sync.Pool{New: func() any {
	return &exchange{call: service.Call{Scratch: make([]byte, 0, scratch)}}
}}

// scratch is room for most answers; a longer one takes memory of its own.
const scratch = 8 << 10

// ServeHTTP answers one request of any service. Behind a listener that is not a transport's,
// the reason phrase of a status such as 753 is net/http's, and the journal does not know
// connections. Where a connection cannot be taken over (HTTP/2, a recorder), a fault that breaks
// it panics with http.ErrAbortHandler, as net/http's own handlers do.
func (p *Path) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchanges.Get().(*exchange)
	x.path, x.request, x.sandbox = p, r, p.Sandboxes.Default()
	defer x.release()
	defer x.log()
	x.serve(w).finish()
}

// serve is the list of stations.
func (x *exchange) serve(w http.ResponseWriter) end {
	at, to := x.address()
	x.match(at)
	x.refused = x.guard(at)
	if x.refused == nil {
		x.refused = x.enter(at, to)
	}
	x.begin(at)
	if x.refused == nil {
		if err := x.readBody(); err != nil {
			x.open()
			return x.brokeOff(w, err)
		}
	}
	x.open()
	if x.refused == nil {
		x.decision, x.refused = x.decide()
	}
	if x.acts() {
		return x.faulted(w)
	}
	x.reply = x.answer()
	x.hold(&x.reply)
	return x.send(w)
}

// release gives the exchange back, and leaves the sandbox. One that was made for a request that
// was refused is removed again.
func (x *exchange) release() {
	if x.own != nil {
		x.own.End()
	}
	if x.entered {
		failed := x.refused != nil || x.service == x.path.Routes.Fallback && x.reply.Status >= http.StatusBadRequest
		if x.made && failed {
			x.path.Sandboxes.Undo(x.sandbox)
		}
		x.sandbox.Leave()
	}
	*x = exchange{call: service.Call{Scratch: x.call.Scratch}}
	exchanges.Put(x)
}

// A refusal is why a request is not carried out, and who says so.
type refusal struct {
	err *service.Error
	by  *route.Bound
	op  *route.Operation // whose answer it is; nil: outside of every operation
}

// refuse has the fallback service answer in place of the service: the request cannot come in,
// or asks for a fault that there is not.
func (x *exchange) refuse(err error) *refusal {
	return &refusal{err: service.AsError(err), by: x.path.Routes.Fallback}
}

// answering is the service that answers, and the operation whose answer it is; nil outside of
// every operation.
func (x *exchange) answering() (*route.Bound, *route.Operation) {
	if x.refused != nil {
		return x.refused.by, x.refused.op
	}
	return x.service, x.matched
}

// operationID is that of the operation whose answer it is; outside of every operation, the name
// of the service that answers.
func (x *exchange) operationID() string {
	by, op := x.answering()
	if op != nil {
		return op.ID
	}
	return by.Name
}
