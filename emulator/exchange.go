package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"standin/emulator/contract"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/emulator/service"
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
	conn     *conn // nil behind a listener that is not ours
	reused   bool  // the connection had carried a request before
	service  *bound
	matched  *operation // nil outside every operation
	call     service.Call
	inside   string         // how the sandbox stands in the path: /~NAME, or nothing
	prefix   string         // under which the service was reached
	entered  bool           // the sandbox counts the exchange
	undated  bool           // the answer has no Date
	refused  *service.Error // the sandbox could not be entered
	problem  error          // what stands behind a 500
	reply    service.Reply

	began     time.Time
	journaled bool
	ended     journal.Ended // how it ended; empty: with an answer, or as send sees
	ticket    journal.Ticket
	closing   journal.Closing
	decision  fault.Decision
	own       *fault.Armed // the rule that the request brought along
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
		x.enter(to)
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
	b, prefix := x.emulator.routes.locate(x.listener(), at)
	x.service, x.prefix = b, prefix
	at = at[len(prefix):]
	if b.Normalise != nil {
		at = b.Normalise(at)
	}
	*c = service.Call{
		Method: r.Method, Path: at, Sent: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header,
		Settings: &x.emulator.config.settings, Gateway: x, Host: r.Host, Scratch: c.Scratch, Context: r.Context(), Present: x.present,
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

// atFirst is how much memory a body is given before any of it has come.
const atFirst = 64 << 10

// readBody reads up to the service's limit. An error says how the body broke off:
// nothing after this sees a request that is not whole.
func (x *exchange) readBody() error {
	r, c := x.request, &x.call
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	limit := cmp.Or(x.service.BodyLimits[x.operationID()], x.service.BodyLimit, service.DefaultBodyLimit)
	c.HasLength = r.ContentLength > 0
	if r.ContentLength > int64(limit) && !x.service.CutBody && r.Header.Get("Expect") != "" {
		c.BodyTooLarge = true // and the client is not asked to go on
		return nil
	}
	var err error
	if n := r.ContentLength; n > 0 && n <= min(int64(limit), atFirst) {
		c.Body = make([]byte, n)
		got, err := io.ReadFull(r.Body, c.Body)
		c.Body = c.Body[:got]
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	c.Body, err = io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if len(c.Body) > limit {
		c.Body = c.Body[:limit]
		c.BodyTooLarge = !x.service.CutBody
		_, err = io.CopyN(io.Discard, r.Body, mostDrained)
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil && int64(len(c.Body)) < min(r.ContentLength, int64(limit)):
		return io.ErrUnexpectedEOF
	default:
		return err
	}
}

// incomplete ends an exchange whose body broke off: nothing is carried out, no rule
// counts it, and a client that still reads is told.
func (x *exchange) incomplete(w http.ResponseWriter, err error) {
	what := fmt.Sprintf("the body broke off after %d bytes", len(x.call.Body))
	if n := x.request.ContentLength; n > 0 {
		what = fmt.Sprintf("the body broke off after %d of %d bytes", len(x.call.Body), n)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		what += ": " + err.Error()
	}
	x.open()
	x.closing.Note = what + "; nothing was carried out"
	x.refused = service.Errorf(service.Invalid, "", "The request is not complete: %s.", what)
	x.reply = x.answer()
	x.check(&x.reply)
	if x.request.ProtoMajor == 1 {
		x.reply.Set("Connection", "close")
	}
	x.ended = journal.Aborted
	x.send(w)
}

// mostDrained is how much of a body that is too large is still read, so that
// the client, who is busy sending, gets to see the answer.
const mostDrained = 64 << 20

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

// contractOf is what the answer is held to.
func (x *exchange) contractOf() *operation {
	if x.matched != nil {
		return x.matched
	}
	return x.service.elsewhere
}

const (
	checkedFirst = 100 // answers of an operation and status that are all checked
	checkedThen  = 100 // one in so many after that
	// checkedBytes bounds a body that is checked where not all are: it is parsed as a
	// whole, which takes up to twenty times its size of memory.
	checkedBytes = 256 << 10
)

// check holds the answer to the contract. An answer of an operation may also be
// one that the service gives everywhere.
func (x *exchange) check(reply *service.Reply) {
	if reply.Stream != nil { // there is no body yet
		return
	}
	op := x.contractOf()
	switch x.emulator.config.check {
	case CheckOff:
		return
	case CheckSampled:
		if n := op.count(reply.Status); n > checkedFirst && n%checkedThen != 0 {
			return
		}
		if len(reply.Body) > checkedBytes {
			x.emulator.unchecked.Add(1)
			return
		}
	}
	header := http.Header{"Content-Type": {reply.ContentType}}
	for _, f := range reply.Header {
		header.Set(f.Name, f.Value)
	}
	err := op.Check(x.call.Method, reply.Status, header, reply.Body)
	elsewhere := x.service.elsewhere
	if err == nil || elsewhere.Check(x.call.Method, reply.Status, header, reply.Body) == nil || x.quirky(reply, header) {
		return
	}
	if len(elsewhere.Responses) == 0 && op.Response(reply.Status) == nil { // the contract is silent
		return
	}
	x.emulator.violations.Add(1)
	x.closing.Violation = err.Error()
	at := journal.ShownPath(x.request.URL.Path, x.request.Header)
	err = fmt.Errorf("%s: %s %s: the answer breaks the contract: %w", x.operationID(), x.call.Method, at, err)
	x.emulator.config.logger.Warn().Msg(err.Error())
	if report := x.emulator.config.onViolation; report != nil {
		report(err)
	}
}

// quirky reports whether it is the answer of a quirk that is on: as the quirk's contract
// has it, or as an error in another form in which the service writes errors.
func (x *exchange) quirky(reply *service.Reply, header http.Header) bool {
	return slices.ContainsFunc(x.service.contract.Quirks, func(q *contract.Quirk) bool {
		if !x.call.Quirk(q.Name) || q.Answers.Response(reply.Status) == nil {
			return false
		}
		return x.service.elsewhere.Writes(reply.Status, reply.ContentType) ||
			q.Answers.Check(x.call.Method, reply.Status, header, reply.Body) == nil
	})
}

// count counts an answer; statuses that the contract does not know are always new.
func (o *operation) count(status int) uint64 {
	if n := o.checks[status]; n != nil {
		return n.Add(1)
	}
	return 1
}

func (x *exchange) operationID() string {
	if x.matched != nil {
		return x.matched.ID
	}
	return x.service.Name
}

// send writes the answer. The journal closes first: whoever has the answer finds
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
		if err := x.write(w, body); err != nil {
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
	rc := http.NewResponseController(w)
	for len(b) > 0 {
		_ = rc.SetWriteDeadline(time.Now().Add(x.emulator.config.patience)) // what cannot has none
		n, err := w.Write(b[:min(len(b), writeStep)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
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
		x.phrase(status, reason)
	}
	w.WriteHeader(status)
}

// stream lets the reply write its body itself, however long it takes.
func (x *exchange) stream(w http.ResponseWriter) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // it is for requests, and ends their context
	_ = rc.Flush()
	x.reply.Stream(func(b []byte) error {
		if err := x.write(w, b); err != nil {
			return err
		}
		return rc.Flush()
	})
}

// reason is the phrase that the contract has for a status.
func (x *exchange) reason(status int) string {
	if r := x.contractOf().Response(status); r != nil {
		return r.Reason
	}
	return contract.Reason(status)
}

// log writes the line of the exchange. Paths are logged without their query, and with
// secrets redacted.
func (x *exchange) log() {
	logger := &x.emulator.config.logger
	if x.problem != nil {
		logger.Error().Str("operation", x.operationID()).Uint64("sequence", x.call.Sequence).
			Msg(x.problem.Error())
	}
	if f := x.emulator.config.exchangeLog; f != nil {
		if x.journaled {
			f(x.line())
		}
		return
	}
	ev := logger.Debug()
	if !ev.Enabled() {
		return
	}
	if x.call.Caller != nil {
		ev.Str("caller", x.call.Caller.Name)
	}
	if len(x.decision.Fired) > 0 {
		ev.Str("fault", x.decision.Fired[0].Name)
	}
	ev.Uint64("sequence", x.call.Sequence).Str("sandbox", x.sandbox.name).Str("operation", x.operationID()).
		Str("method", x.call.Method).Str("path", journal.ShownPath(x.request.URL.Path, x.request.Header)).Int("status", x.reply.Status).Msg("exchange")
}

// line is what is logged of the exchange.
func (x *exchange) line() *journal.Line {
	l := &journal.Line{
		Time: x.began, Sandbox: x.sandbox.name, Sequence: x.call.Sequence, Status: x.closing.Status,
		Method: x.call.Method, Path: journal.ShownPath(strings.TrimPrefix(x.request.URL.Path, x.inside), x.request.Header),
		Took: time.Since(x.began), Caller: x.closing.Caller, Faults: x.closing.Faults, Ended: x.ended, Violation: x.closing.Violation,
	}
	if x.matched != nil {
		l.Operation = x.matched.ID
	}
	return l
}
