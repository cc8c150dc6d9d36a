package control

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"standin/internal/sandbox"
	"standin/internal/service"
)

// stateOperations returns the operations on the world of a sandbox and on its snapshots.
func (a *api) stateOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.reset", Do: a.in(a.reset), Sandbox: service.CreatesSandbox},
		{ID: "control.state.show", Do: a.in(a.showState)},
		{ID: "control.state.load", Do: a.in(a.loadState), BodyLimit: stateLimit, Sandbox: service.CreatesSandbox},
		{ID: "control.section.show", Do: a.in(a.showState)},
		{ID: "control.section.load", Do: a.in(a.loadState), BodyLimit: stateLimit, Sandbox: service.CreatesSandbox},
		{ID: "control.snapshots.list", Do: a.in(a.listSnapshots)},
		{ID: "control.snapshots.create", Do: a.in(a.createSnapshot), Sandbox: service.CreatesSandbox},
		{ID: "control.snapshots.show", Do: a.in(a.showSnapshot)},
		{ID: "control.snapshots.apply", Do: a.in(a.applySnapshot), Sandbox: service.CreatesSandbox},
		{ID: "control.snapshots.delete", Do: a.in(a.deleteSnapshot)},
	}
}

// reset answers POST reset. It resets everything, or only the parts in "only". With "to", the world
// becomes that of a snapshot.
func (a *api) reset(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	q := c.Query()
	var only []string
	if list := q.Get("only"); list != "" {
		only = strings.Split(list, ",")
	}
	return empty(), mistake(s.Reset(only, q.Get("to")))
}

func (a *api) section(c *service.Call) (string, error) {
	name := c.Vars["service"]
	if err := a.Catalog.CheckSection(name); err != nil {
		return "", service.Errorf(service.NotFound, "", "%s.", "N"+err.Error()[1:])
	}
	return name, nil
}

func (a *api) showState(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	name, err := a.section(c)
	if err != nil {
		return service.Reply{}, err
	}
	var sections []string
	if name != "" {
		sections = []string{name}
	}
	write, err := s.Dump("", sections...)
	if err != nil {
		return service.Reply{}, mistake(err)
	}
	return dumped(write)
}

// dumped answers with a dump. It sends a long dump while it writes it.
func dumped(write func(io.Writer) error) (service.Reply, error) {
	held := &short{}
	err := write(held)
	switch {
	case errors.Is(err, errLong):
		return service.Reply{Status: http.StatusOK, ContentType: "application/json", Stream: func(send func([]byte) error) error {
			return write(writerFunc(send))
		}}, nil
	case err != nil:
		return service.Reply{}, err
	default:
		return service.JSON(http.StatusOK, held.Bytes()), nil
	}
}

// errLong stops a dump that is too long to be held.
var errLong = errors.New("too long")

// A short is a buffer of at most heldWhole bytes.
type short struct{ bytes.Buffer }

// Write returns an error if the buffer would exceed its limit.
func (s *short) Write(b []byte) (int, error) {
	if s.Len()+len(b) > heldWhole {
		return 0, errLong
	}
	return s.Buffer.Write(b)
}

// A writerFunc is an io.Writer.
type writerFunc func([]byte) error

// Write calls the function.
func (f writerFunc) Write(b []byte) (int, error) {
	if err := f(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// maxGenerated is the maximum number of records that one block of a request may generate.
const maxGenerated = 100_000

func (a *api) loadState(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	name, err := a.section(c)
	if err != nil {
		return service.Reply{}, err
	}
	if len(bytes.TrimSpace(c.Body)) == 0 {
		return service.Reply{}, service.Errorf(service.Invalid, "", "nothing was loaded: the request has no body; to reset the sandbox, use POST /_standin/reset")
	}
	return empty(), mistake(s.Load(bodyName, name, c.Body, maxGenerated))
}

func (a *api) listSnapshots(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	return reply(http.StatusOK, append([]string{}, s.Snapshots()...))
}

// A NewSnapshot is the name of a new snapshot of the present world.
type NewSnapshot struct {
	Name string `json:"name" fixture:"required"` // the name of the snapshot; it replaces an older snapshot of that name
}

func (a *api) createSnapshot(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	var spec NewSnapshot
	if err := decode(c, &spec); err != nil {
		return service.Reply{}, err
	}
	return empty(), mistake(s.Snapshot(spec.Name))
}

// showSnapshot answers with the snapshot's world as a fixture.
func (a *api) showSnapshot(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	write, err := s.Dump(c.Vars["name"])
	if err != nil {
		return service.Reply{}, mistake(err)
	}
	return dumped(write)
}

// applySnapshot replaces the world by that of the snapshot.
func (a *api) applySnapshot(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	return empty(), mistake(s.Restore(c.Vars["name"]))
}

func (a *api) deleteSnapshot(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	return empty(), mistake(s.DropSnapshot(c.Vars["name"]))
}
