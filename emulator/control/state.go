package control

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/file"
	"standin/emulator/service"
)

// reset answers POST reset: everything, or the parts that "only" lists; with "to"
// the world goes back to a snapshot.
func (a *api) reset(c *service.Call, s Sandbox) (service.Reply, error) {
	q, err := query(c, "only", "to")
	if err != nil {
		return service.Reply{}, err
	}
	var only []string
	if list := q.Get("only"); list != "" {
		only = strings.Split(list, ",")
	}
	return empty(), mistake(s.Reset(only, q.Get("to")))
}

func (a *api) section(c *service.Call) (string, error) {
	name := c.Vars["service"]
	if name != "" && !slices.Contains(a.host.Sections(), name) {
		return "", service.Errorf(service.NotFound, "", "No section %q%s; there are %s.",
			name, file.Hint(name, a.host.Sections()), strings.Join(a.host.Sections(), ", "))
	}
	return name, nil
}

func (a *api) showState(c *service.Call, s Sandbox) (service.Reply, error) {
	name, err := a.section(c)
	if err != nil {
		return service.Reply{}, err
	}
	d, err := s.Dump("", name)
	if err != nil {
		return service.Reply{}, err
	}
	return d.reply()
}

// reply answers the dump. A long one is sent while it is written; if it fails, it ends
// in the middle.
func (d Dump) reply() (service.Reply, error) {
	if d.Long {
		return service.Reply{Status: http.StatusOK, ContentType: "application/json", Stream: func(write func([]byte) error) {
			_ = d.Write(writerFunc(write))
		}}, nil
	}
	var b bytes.Buffer
	err := d.Write(&b)
	return service.JSON(http.StatusOK, b.Bytes()), err
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

func (a *api) loadState(c *service.Call, s Sandbox) (service.Reply, error) {
	name, err := a.section(c)
	if err != nil {
		return service.Reply{}, err
	}
	if len(bytes.TrimSpace(c.Body)) == 0 {
		return service.Reply{}, service.Errorf(service.Invalid, "", "nothing was loaded: the request has no body; POST /_standin/reset goes back to the start")
	}
	return empty(), mistake(s.Load(name, c.Body))
}

func (a *api) listSnapshots(_ *service.Call, s Sandbox) (service.Reply, error) {
	return reply(http.StatusOK, append([]string{}, s.Snapshots()...))
}

func (a *api) createSnapshot(c *service.Call, s Sandbox) (service.Reply, error) {
	var spec struct {
		Name string `json:"name" fixture:"required"`
	}
	if err := decode(c, &spec); err != nil {
		return service.Reply{}, err
	}
	return empty(), mistake(s.Snapshot(spec.Name))
}

// showSnapshot dumps the snapshot's world as a fixture.
func (a *api) showSnapshot(c *service.Call, s Sandbox) (service.Reply, error) {
	d, err := s.Dump(c.Vars["name"], "")
	if err != nil {
		return service.Reply{}, mistake(err)
	}
	return d.reply()
}

// applySnapshot goes back to the snapshot's world.
func (a *api) applySnapshot(c *service.Call, s Sandbox) (service.Reply, error) {
	return empty(), mistake(s.Restore(c.Vars["name"]))
}

func (a *api) deleteSnapshot(c *service.Call, s Sandbox) (service.Reply, error) {
	return empty(), mistake(s.DropSnapshot(c.Vars["name"]))
}
