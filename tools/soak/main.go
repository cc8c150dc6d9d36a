// Command soak runs a mixed load against an emulator for a time, and compares what the process
// holds before and after: goroutines, file descriptors, heap and resident memory. It fails if one
// of them has grown, if an answer violated its contract, or if a status was 500.
//
// Emulator and clients run in one process, so that go run -race checks both. The load comes from
// workers of every kind in load.go. They call all services, create and delete sandboxes, arm rules,
// use long polls and event streams. Some clients leave early, do not read, or send many requests at
// once.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator"
)

func main() {
	last := flag.Duration("for", time.Minute, "how long the load lasts; before it, half of that time warms up")
	each := flag.Int("each", 2, "number of workers of each kind")
	flag.Parse()
	if err := run(*last, *each); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(last time.Duration, each int) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, err := emulator.New(emulator.WithTLS(), emulator.WithFixture("default"), emulator.WithSandboxes(1000, 2*time.Second), emulator.WithLogger(log))
	if err != nil {
		return err
	}
	s, err := e.Start(context.Background())
	if err != nil {
		return err
	}
	defer s.Close()
	l := &load{server: s}
	l.good = make([]atomic.Int64, len(kinds))
	l.hold(last/2, each)
	before, err := l.settle(nil)
	if err != nil {
		return err
	}
	l.hold(last, each)
	after, err := l.settle(&before)
	if err != nil {
		return err
	}
	fmt.Printf("%d requests of %d kinds of workers in %s\n%s", l.sent.Load(), len(kinds), last, table(before, after))
	switch grown := before.grown(after); {
	case grown != "":
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		return fmt.Errorf("%s grew", grown)
	case e.Violations() > 0:
		return fmt.Errorf("%d answers violated their contract", e.Violations())
	case l.idle() >= 0:
		return fmt.Errorf("the workers of kind %d had no request answered below 400", l.idle())
	case l.failed.Load() > 0:
		return fmt.Errorf("%d answers were a 500", l.failed.Load())
	default:
		fmt.Println("nothing grew")
		return nil
	}
}

// A load counts what its workers send.
type load struct {
	counters
	server  *emulator.Server
	clients []*http.Client // of all workers
}

// idle returns the first kind of worker that had no success; -1 if all had.
func (l *load) idle() int {
	for k := range l.good {
		if l.good[k].Load() == 0 {
			return k
		}
	}
	return -1
}

// hold runs the workers for a time and waits for them.
func (l *load) hold(d time.Duration, each int) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var workers sync.WaitGroup
	for k := range kinds {
		for n := range each {
			w := newWorker(l, k, n)
			l.clients = append(l.clients, w.client)
			workers.Go(func() {
				for ctx.Err() == nil {
					kinds[k](w, ctx)
				}
			})
		}
	}
	workers.Wait()
}

// A holding is what the process holds.
type holding struct {
	goroutines, descriptors int
	heap, resident          int // in bytes
}

// These are differences that do not count as growth, since the runtime keeps some of each.
const (
	fewGoroutines  = 5
	fewDescriptors = 5
	someMemory     = 16 << 20
	settling       = time.Minute // the longest time that a connection is kept for a client that is gone
)

func (h holding) grown(after holding) string {
	switch {
	case after.goroutines > h.goroutines+fewGoroutines:
		return "the number of goroutines"
	case after.descriptors > h.descriptors+fewDescriptors:
		return "the number of descriptors"
	case after.heap > h.heap+h.heap/4+someMemory:
		return "the heap"
	case !underRace && after.resident > h.resident+h.resident/2+someMemory:
		return "the resident memory"
	default:
		return ""
	}
}

// settle removes all sandboxes, and waits until the process holds no more than before, or the same
// twice. A client closes a connection only when its last request has ended.
func (l *load) settle(before *holding) (holding, error) {
	var h holding
	for deadline := time.Now().Add(settling); ; time.Sleep(time.Second) {
		if err := clean(l.server); err != nil {
			return h, err
		}
		for _, c := range l.clients {
			c.CloseIdleConnections()
		}
		now, err := measure()
		if err != nil {
			return now, err
		}
		done := before != nil && before.grown(now) == "" || before == nil && now.goroutines == h.goroutines && now.descriptors == h.descriptors
		if h = now; done || time.Now().After(deadline) {
			return h, nil
		}
	}
}

// clean deletes all sandboxes and resets the default one.
func clean(s *emulator.Server) error {
	c := s.Client()
	defer c.CloseIdleConnections()
	resp, err := c.Get(s.URL + "/_standin/sandboxes")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var all []struct{ Name string }
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return err
	}
	for _, box := range all {
		s.DeleteSandbox(box.Name)
	}
	s.Reset()
	return nil
}

func measure() (holding, error) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return holding{}, err
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return holding{}, err
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	return holding{runtime.NumGoroutine(), len(files), int(m.HeapAlloc), pages * os.Getpagesize()}, err
}

func table(before, after holding) string {
	const mega = 1 << 20
	var b strings.Builder
	for _, row := range []struct {
		what          string
		before, after int
	}{
		{"goroutines", before.goroutines, after.goroutines},
		{"descriptors", before.descriptors, after.descriptors},
		{"heap, MiB", before.heap / mega, after.heap / mega},
		{"resident, MiB", before.resident / mega, after.resident / mega},
	} {
		fmt.Fprintf(&b, "%-14s %6d → %6d\n", row.what, row.before, row.after)
	}
	return b.String()
}
