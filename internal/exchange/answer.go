package exchange

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"

	"standin/internal/service"
	"standin/internal/world"
)

// answer runs the call on the world. Requests of safe methods read it; others
// write a copy, which is published if they succeed.
func (x *exchange) answer() service.Reply {
	by, _ := x.answering()
	var reply service.Reply
	var err error
	switch {
	case x.refused != nil:
		x.call.View = x.sandbox.World()
		err = x.refused.err
	case x.service.Outside || slices.Contains(safeMethods, x.call.Method):
		x.call.View = x.sandbox.World()
		reply, err = x.handle()
	default:
		reply, err = x.transact()
	}
	if err != nil {
		e := service.AsError(err)
		if e.Kind == service.Internal && e.Err != nil {
			x.problem = err
		}
		reply = by.Fail(&x.call, e)
	}
	if by.Finish != nil {
		by.Finish(&x.call, &reply)
	}
	return reply
}

// transact runs the call on a copy of the world, which is published if it succeeds.
func (x *exchange) transact() (reply service.Reply, err error) {
	err = x.sandbox.Transact(func(tx *world.Tx) (err error) {
		x.call.Write(tx)
		reply, err = x.handle()
		return err
	})
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
	return x.matched.Do(c)
}
