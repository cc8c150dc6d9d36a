package exchange

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"

	"standin/internal/sandbox"
	"standin/internal/service"
	"standin/internal/world"
)

// A refusal is why a request is not carried out, and who says so.
type refusal struct {
	err *service.Error
	target
}

// An outcome is what came of a call.
type outcome struct {
	reply     service.Reply
	problem   error  // the cause of a 500
	refusedBy string // the name of the check that refused the call
}

// answer runs a call on the world of a sandbox. Calls of safe methods read it; others write a
// copy, which is published if they succeed.
func answer(c *service.Call, t *target, box *sandbox.Sandbox) (o outcome) {
	var err error
	if t.service.Outside || slices.Contains(safeMethods, c.Method) {
		c.View = box.World()
		err = o.handle(c, t)
	} else {
		err = box.Transact(func(tx *world.Tx) error {
			c.Write(tx)
			return o.handle(c, t)
		})
	}
	o.finish(c, t, err)
	return o
}

// refuse answers a call that is not carried out.
func refuse(c *service.Call, r *refusal, box *sandbox.Sandbox) (o outcome) {
	c.View = box.World()
	o.finish(c, &r.target, r.err)
	return o
}

// finish puts an error, or nil, and what every answer carries into the reply.
func (o *outcome) finish(c *service.Call, t *target, err error) {
	if err != nil {
		e := service.AsError(err)
		if e.Kind == service.Internal && e.Err != nil {
			o.problem = err
		}
		o.refusedBy = cmp.Or(e.By, o.refusedBy)
		if e.Kind < service.Invalid { // a check that answers
			o.refusedBy = ""
		}
		o.reply = t.service.Fail(c, e)
	}
	if t.service.Finish != nil {
		t.service.Finish(c, &o.reply)
	}
}

var safeMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// handle identifies the caller, does the checks and calls the handler. A panic
// is an error like any other bug.
func (o *outcome) handle(c *service.Call, t *target) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	c.Caller, c.CallerError = t.service.Identify(c)
	for i := range t.service.Checks {
		check := &t.service.Checks[i]
		if err := check.Do(c); err != nil {
			o.refusedBy = check.Name
			return err
		}
	}
	if t.operation == nil {
		return errors.New("the checks of the service let a call pass that is no operation")
	}
	o.reply, err = c.Row.Do(c)
	return err
}

// identify says who is calling, before anything is decided.
func identify(c *service.Call, t *target, box *sandbox.Sandbox) {
	c.View = box.World()
	defer func() { _ = recover() }() // a bug of ours is told when the call is handled
	c.Caller, c.CallerError = t.service.Identify(c)
}
