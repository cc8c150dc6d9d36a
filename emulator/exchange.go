package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/transport"
)

// An exchange is one request on its way through the emulator:
//
//	locate the service → match the operation → guard the control API → enter the sandbox
//	→ read the bounded body [→ it broke off] → the journal opens → decide faults [→ a fault before]
//	→ identify the caller → the service's checks → handler, in a transaction
//	→ hold the answer to the contract [→ a fault after] → the journal closes → send it
type exchange struct {
	emulator *Emulator
	sandbox  *Sandbox
	request  *http.Request
	conn     *transport.Conn // nil behind a listener that is not ours
	reused   bool            // the connection had carried a request before
	service  *bound
	matched  *operation // nil outside every operation
	call     service.Call
	inside   string         // how the sandbox stands in the path: /~NAME, or nothing
	prefix   string         // under which the service was reached
	entered  bool           // the sandbox counts the exchange
	made     bool           // the exchange has made the sandbox
	undated  bool           // the answer has no Date
	refused  *service.Error // the sandbox could not be entered
	problem  error          // what stands behind a 500
	reply    service.Reply

	began     time.Time
	journaled bool
	ended     journal.Ended // how it ended; empty: with an answer, or as send sees
	ticket    recorder.Ticket
	closing   recorder.Closing
	decision  ruleset.Decision
	own       *ruleset.Armed // the rule that the request brought along
}

// exchanges are used again, with the buffers that their answers are written to.
var exchanges = sync.Pool{New: func() any {
	return &exchange{call: service.Call{Scratch: make([]byte, 0, scratch)}}
}}

// scratch is room for the usual answer; a longer one takes memory of its own.
const scratch = 8 << 10

func (x *exchange) release() {
	if x.own != nil {
		x.own.End()
	}
	if x.entered {
		x.undo()
		x.sandbox.leave()
	}
	*x = exchange{call: service.Call{Scratch: x.call.Scratch}}
	exchanges.Put(x)
}

// serve is the request path.
func (x *exchange) serve(w http.ResponseWriter) {
	defer x.log()
	at, to := x.address()
	x.match(at)
	x.guard(at)
	if x.refused == nil {
		x.enter(at, to)
	}
	x.begin(at)
	if x.refused == nil {
		if err := x.readBody(); err != nil {
			x.incomplete(w, err)
			return
		}
	}
	x.open()
	if x.decide() {
		x.faulted(w)
		return
	}
	x.reply = x.answer()
	x.check(&x.reply)
	x.send(w)
}

// match finds the service, the operation and the addresses of the call.
func (x *exchange) match(at string) {
	r, c := x.request, &x.call
	b, prefix := x.emulator.routes.locate(x.conn.Tag(), at)
	x.service, x.prefix = b, prefix
	at = at[len(prefix):]
	if b.Normalise != nil {
		at = b.Normalise(at)
	}
	*c = service.Call{
		Method: r.Method, Path: at, Sent: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header,
		Settings: &x.emulator.config.settings, Gateway: x, Host: r.Host, Scratch: c.Scratch, Context: r.Context(),
	}
	p, vars := b.find(at)
	if p == nil {
		return
	}
	method := r.Method
	if method == http.MethodHead && b.HeadAsGet {
		method = http.MethodGet
	}
	c.Methods, c.Vars = p.methods, vars
	if op := p.operations[method]; op != nil {
		x.matched, c.Operation = op, op.Operation
	}
}

// begin gives the call what it has of its sandbox: the time, the quirks, the seed.
func (x *exchange) begin(at string) {
	c, s := &x.call, x.sandbox
	x.began = time.Now()
	c.Now, c.Frozen = s.clock.at(x.began)
	c.Quirks, c.Seed, c.Sandbox, c.Mark = s.start.Load().quirks, s.world.Load().Seed(), s.name, s.mark
	x.journaled = x.refused == nil && !below(at, controlPrefix)
}

// answer runs the call on the world. Requests of safe methods read it; others
// write a copy, which is published if they succeed.
func (x *exchange) answer() service.Reply {
	var reply service.Reply
	var err error
	switch {
	case x.refused != nil:
		x.call.View = x.sandbox.world.Load()
		err = x.refused
	case x.service.Outside || slices.Contains(safeMethods, x.call.Method):
		x.call.View = x.sandbox.world.Load()
		reply, err = x.handle()
	default:
		reply, err = x.transact()
	}
	if err != nil {
		e := service.AsError(err)
		if e.Kind == service.Internal && e.Err != nil {
			x.problem = err
		}
		reply = x.service.Fail(&x.call, e)
	}
	if x.service.Finish != nil {
		x.service.Finish(&x.call, &reply)
	}
	return reply
}

// transact runs the call on a copy of the world and publishes what it leaves.
func (x *exchange) transact() (service.Reply, error) {
	s := x.sandbox
	s.writing.Lock()
	defer s.writing.Unlock()
	x.call.Write(s.world.Load().Begin())
	reply, err := x.handle()
	if err == nil {
		s.world.Store(x.call.Tx().Commit())
	}
	return reply, err
}

var safeMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// handle identifies the caller, does the checks and calls the handler. A panic
// is an error like any other bug.
func (x *exchange) handle() (reply service.Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	c := &x.call
	c.Caller, c.CallerError = x.service.Identify(c)
	for _, check := range x.service.Checks {
		if err := check(c); err != nil {
			return service.Reply{}, err
		}
	}
	if x.matched == nil {
		return service.Reply{}, errors.New("the checks of the service let a call pass that is no operation")
	}
	return x.matched.handler(c)
}

func (x *exchange) operationID() string {
	if x.matched != nil {
		return x.matched.ID
	}
	return x.service.Name
}

// send writes the answer. The journal closes first: a client that has the answer finds
// the entry complete.
func (x *exchange) send(w http.ResponseWriter) {
	x.header(w.Header())
	x.close(cmp.Or(x.ended, journal.Answered), w.Header())
	x.beginAnswer(w)
	if x.reply.Stream != nil {
		x.stream(w)
		return
	}
	if body := x.body(); len(body) > 0 {
		err := x.write(w, body)
		if err == nil && x.request.ProtoMajor >= 2 {
			err = x.flushBody(w)
		}
		if err != nil {
			x.amend(journal.Aborted, "")
		}
	}
}

// write writes a part of the body. A connection of HTTP/1 bounds by itself how long the
// client may take to read it; a stream of HTTP/2 is given a time for each piece.
func (x *exchange) write(w http.ResponseWriter, b []byte) error {
	if x.request.ProtoMajor < 2 {
		_, err := w.Write(b)
		return err
	}
	for len(b) > 0 {
		piece := b[:min(len(b), transport.WriteStep)]
		if err := x.timed(w, func() error { _, err := w.Write(piece); return err }); err != nil {
			return err
		}
		b = b[len(piece):]
	}
	return nil
}

// flushBody sends what was written.
func (x *exchange) flushBody(w http.ResponseWriter) error {
	rc := http.NewResponseController(w)
	if x.request.ProtoMajor < 2 {
		return rc.Flush()
	}
	return x.timed(w, rc.Flush)
}

// timed does something on a stream of HTTP/2 that must not take longer than the patience.
// Afterwards there is no deadline: the next piece may come much later.
func (x *exchange) timed(w http.ResponseWriter, do func() error) error {
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(x.emulator.transport.Patience())) // what cannot has none
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	return do()
}

// header fills in the headers of the answer. Its date is the sandbox's.
func (x *exchange) header(h http.Header) {
	reply := &x.reply
	values := make([]string, 0, len(reply.Header)) // one piece of memory for all of them
	for _, f := range reply.Header {
		if old := h[f.Name]; old != nil {
			h[f.Name] = append(old, f.Value)
			continue
		}
		n := len(values)
		values = append(values, f.Value)
		h[f.Name] = values[n : n+1 : n+1]
	}
	switch added := h["Content-Type"]; {
	case reply.ContentType != "":
		h["Content-Type"] = append([]string{reply.ContentType}, added...)
	case added == nil:
		h["Content-Type"] = nil // net/http must not guess one
	}
	if x.undated {
		h["Date"] = nil // nor write one
	} else if h["Date"] == nil {
		h["Date"] = []string{x.call.Now.Format(http.TimeFormat)}
	}
	if !bodyless(reply.Status) && reply.Stream == nil {
		h["Content-Length"] = []string{strconv.Itoa(len(reply.Body))}
	}
}

// bodyless statuses have no body, and no length of one.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// body is what follows the headers.
func (x *exchange) body() []byte {
	if x.call.Method == http.MethodHead || bodyless(x.reply.Status) {
		return nil
	}
	return x.reply.Body
}

// beginAnswer sends the status line and the headers.
func (x *exchange) beginAnswer(w http.ResponseWriter) {
	status := x.reply.Status
	if reason := x.reason(status); reason != contract.Reason(status) {
		x.conn.Phrase(x.request, status, reason)
	}
	w.WriteHeader(status)
}

// stream lets the reply write its body itself, however long it takes.
func (x *exchange) stream(w http.ResponseWriter) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // it is for requests, and ends their context
	_ = rc.Flush()
	left := error(nil)
	err := x.reply.Stream(func(b []byte) error {
		left = x.write(w, b)
		if left == nil {
			left = x.flushBody(w)
		}
		return left
	})
	if err == nil {
		return
	}
	if left == nil { // it is not the client's doing
		x.emulator.config.logger.Error().Str("operation", x.operationID()).Msg(err.Error())
	}
	panic(http.ErrAbortHandler)
}

// reason is the phrase that the contract has for a status.
func (x *exchange) reason(status int) string {
	if r := x.contractOf().Response(status); r != nil {
		return r.Reason
	}
	return contract.Reason(status)
}
