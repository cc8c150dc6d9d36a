package main

import (
	"fmt"
	"strings"
	"sync/atomic"
)

var memoryRows = []row{
	{"idle", "memory after the start", func(b *bench) (figures, error) { return b.memory(1) }, budget{most: 14, unit: "MB"}, true},
	{"after-200000", "memory after 200,000 requests", func(b *bench) (figures, error) { return b.memory(200_000) }, budget{most: 40, unit: "MB"}, false},
	{"flat", "memory after 1,000,000 requests ÷ after 200,000", (*bench).flat, budget{most: 1.05}, false},
	{"sandboxes", "10,000 sandboxes of 100,000 records, used once, above the first", (*bench).sandboxes, budget{most: 200, unit: "MB"}, false},
}

// memory returns the resident memory after a number of requests.
func (b *bench) memory(requests int) (figures, error) {
	f, err := b.field(0, 0, everywhere(get("/v1/clients")))
	if err != nil {
		return figures{}, err
	}
	defer f.stop()
	var all [3]float64
	for i, c := range f.children {
		if _, err := c.load(b.ctx, min(connections, requests), requests, f.requests[i]); err != nil {
			return figures{}, err
		}
		if all[i], err = c.resident(); err != nil {
			return figures{}, err
		}
	}
	text := func(i int) string { return fmt.Sprintf("%.1f MB", all[i]) }
	return figures{all[2], text(0), text(1), text(2)}, nil
}

// flat compares the memory after many requests and after more.
func (b *bench) flat() (figures, error) {
	c, err := b.standin("--fixture", "default")
	if err != nil {
		return figures{}, err
	}
	defer c.stop()
	var all []float64
	for _, requests := range []int{200_000, 800_000} {
		if _, err := c.load(b.ctx, connections, requests, get("/v1/clients")); err != nil {
			return figures{}, err
		}
		mb, err := c.resident()
		if err != nil {
			return figures{}, err
		}
		all = append(all, mb)
	}
	return figures{value: all[1] / all[0], standin: fmt.Sprintf("%.2f (%.1f, %.1f MB)", all[1]/all[0], all[0], all[1])}, nil
}

// sandboxes measures the memory of ten thousand forks of a large world, after one request in each.
// GOGC is 10, so that garbage adds little to the result.
func (b *bench) sandboxes() (figures, error) {
	const forks = 10_000
	path, err := b.generated(many)
	if err != nil {
		return figures{}, err
	}
	c, err := b.start([]string{"GOGC=10"}, b.binary, "--listen", "127.0.0.1:0", "--fixture", path)
	if err != nil {
		return figures{}, err
	}
	defer c.stop()
	before, err := c.resident()
	if err != nil {
		return figures{}, err
	}
	var made, used atomic.Int64
	fork := func(int) []byte {
		return post("/_standin/sandboxes", fmt.Sprintf(`{"name":"s%d","fork":"default"}`, made.Add(1)))
	}
	use := func(int) []byte {
		return []byte(strings.Replace(string(get("/v1/clients")(0)), "/v1/clients", fmt.Sprintf("/~s%d/v1/clients", used.Add(1)), 1))
	}
	for _, r := range []request{fork, use} {
		if _, err := c.load(b.ctx, connections, forks, r); err != nil {
			return figures{}, err
		}
	}
	after, err := c.resident()
	return figures{value: after - before, standin: fmt.Sprintf("%.0f MB", after-before)}, err
}
