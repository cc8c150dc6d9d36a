// Package metrics counts what the request path does, and writes metrics in the text format of
// Prometheus. Counting takes no lock and allocates nothing.
package metrics

import (
	"sync/atomic"
	"time"
)

// A Meter counts the requests of an emulator. Its methods may be called by several goroutines at
// once.
type Meter struct {
	Fired    atomic.Uint64 // rules that fired
	Repeated atomic.Uint64 // requests that were another attempt of a failed one

	names     []string
	durations []Histogram // by index of names
}

// NewMeter returns a meter for services.
func NewMeter(services []string) *Meter {
	return &Meter{names: services, durations: make([]Histogram, len(services))}
}

// Took counts the duration of a request to a service.
func (m *Meter) Took(service string, d time.Duration) {
	for i, name := range m.names {
		if name == service {
			m.durations[i].observe(d)
			return
		}
	}
}

// Durations calls back for the histogram of each service.
func (m *Meter) Durations(back func(service string, h *Histogram)) {
	for i, name := range m.names {
		back(name, &m.durations[i])
	}
}

// bounds are the upper bounds of the buckets of a histogram, in ascending order.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second,
}

// A Histogram counts durations in buckets.
type Histogram struct {
	counts [len(bounds) + 1]atomic.Uint64 // the last one is for what is longer than all bounds
	sum    atomic.Int64                   // in nanoseconds
}

func (h *Histogram) observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}
