package control

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"standin/internal/recorder"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// heartbeat is how often a stream sends a comment while nothing happens, so that clients know that
// it is alive.
const heartbeat = 15 * time.Second

// events streams exchanges that match and changes as server-sent events. The stream begins now, or
// after the event that Last-Event-ID or the parameter "since" names.
func (a *api) events(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	q, since := c.Query(), s.Journal().LastEvent()
	f, err := a.filter(q)
	if err != nil {
		return service.Reply{}, err
	}
	brief, err := truth(q, "brief")
	if err != nil {
		return service.Reply{}, err
	}
	if q.Get("since") == "" && c.Header.Get("Last-Event-Id") != "" {
		q.Set("since", c.Header.Get("Last-Event-Id"))
	}
	if q.Get("since") != "" {
		n, err := number(q, "since", 0)
		if err != nil {
			return service.Reply{}, err
		}
		since = uint64(n)
	}
	r := service.Reply{Status: http.StatusOK, ContentType: "text/event-stream"}
	r.Set("Cache-Control", "no-store")
	r.Set("X-Accel-Buffering", "no") // nginx would wait for more
	if c.Method == http.MethodHead {
		return r, nil
	}
	r.Stream = func(write func([]byte) error) error {
		ctx, cancel := until(c, s)
		defer cancel()
		defer s.Journal().Follow()()
		follower := follower{s.Journal(), recorder.Select(f), brief, since}
		_ = write([]byte(": standin\n\n"))
		for ctx.Err() == nil {
			if err := write(follower.next(ctx)); err != nil {
				return err
			}
			recorder.Gather(ctx)
		}
		return nil
	}
	return r, nil
}

// A follower reads the events of a journal.
type follower struct {
	journal  *recorder.Journal
	selected func(*recorder.Event) bool
	brief    bool
	since    uint64
}

// next returns the next events that are selected. It returns a comment if none comes for the time of
// a heartbeat.
func (f *follower) next(ctx context.Context) (text []byte) {
	beat, stop := context.WithTimeout(ctx, heartbeat)
	defer stop()
	for text == nil && beat.Err() == nil {
		all := f.journal.Events(beat, f.since)
		for i := range all {
			if f.since = all[i].Number; f.selected(&all[i]) {
				text = appendEvent(text, &all[i], f.brief)
			}
		}
		if text == nil {
			recorder.Gather(beat)
		}
	}
	if text == nil {
		return []byte(":\n\n")
	}
	return text
}

func appendEvent(b []byte, e *recorder.Event, brief bool) []byte {
	data := e.JSON
	if brief {
		data = e.Brief
	}
	return fmt.Appendf(b, "id: %d\nevent: %s\ndata: %s\n\n", e.Number, e.Kind(), data())
}
