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

// A refusal is the error with which a request is refused, and the target that writes it.
type refusal struct {
	err *service.Error
	target
}

// An outcome is the result of a call.
type outcome struct {
	reply     service.Reply
	problem   error  // the cause of a 500
	refusedBy string // the name of the check that refused the call
	changes   []world.Change
}

// answer runs a call on the world of a sandbox. Calls with a safe method read the world. Other
// calls write to a copy, which is published if they succeed.
func answer(c *service.Call, t *target, box *sandbox.Sandbox) (o outcome) {
	var err error
	if t.service.Outside || slices.Contains(safeMethods, c.Method) {
		c.View = box.World()
		err = o.handle(c, t)
	} else {
		err = box.Transact(func(tx *world.Tx) error {
			c.Write(tx)
			err := o.handle(c, t)
			if err == nil {
				o.changes = tx.Changes()
			}
			return err
		})
	}
	o.finish(c, t, err)
	return o
}

// refuse returns the outcome of a call that is not run.
func refuse(c *service.Call, r *refusal, box *sandbox.Sandbox) (o outcome) {
	c.View = box.World()
	o.finish(c, &r.target, r.err)
	return o
}

// finish turns err into the reply, if it is not nil. It then lets the service add what all its
// responses carry.
func (o *outcome) finish(c *service.Call, t *target, err error) {
	if err != nil {
		e := service.AsError(err)
		if e.Kind == service.Internal && e.Err != nil {
			o.problem = err
		}
		o.refusedBy = cmp.Or(e.By, o.refusedBy)
		if e.Kind < service.Invalid { // the check wrote a response; it refused nothing
			o.refusedBy = ""
		}
		o.reply = t.service.Fail(c, e)
	}
	if t.service.Finish != nil {
		t.service.Finish(c, &o.reply)
	}
}

var safeMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// handle identifies the caller, runs the service's checks and calls the handler. It returns a
// panic as an error.
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

// identify sets the caller of the call. Rules need the caller before the service's checks run.
func identify(c *service.Call, t *target, box *sandbox.Sandbox) {
	c.View = box.World()
	defer func() { _ = recover() }() // handle runs Identify again and reports the panic
	c.Caller, c.CallerError = t.service.Identify(c)
}
