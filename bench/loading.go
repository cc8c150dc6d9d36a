package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

var loadRows = []row{
	{"fixture-seconds", "a fixture file of 100,000 clients and 100,000 consumers: seconds", func(b *bench) (figures, error) { return b.loading(many, seconds) }, budget{most: 1.2, unit: "s"}, false},
	{"fixture-steady", "the same: memory", func(b *bench) (figures, error) { return b.loading(many, (*child).resident) }, budget{most: 120, unit: "MB"}, false},
	{"fixture-peak", "the same: memory at most", func(b *bench) (figures, error) { return b.loading(many, (*child).peak) }, budget{most: 250, unit: "MB"}, false},
	{"fixture-million", "a fixture file of 500,000 and 500,000: seconds", func(b *bench) (figures, error) { return b.loading(5*many, seconds) }, budget{most: 6, unit: "s"}, false},
	{"last-page", "the last page of 1,000,000 ÷ the first of 1,000: processor time", (*bench).lastPage, budget{most: 1.3}, false},
}

// bigFixture writes a fixture file in which every record is written out.
func (b *bench) bigFixture(records int) (path string, err error) {
	path = filepath.Join(b.dir, fmt.Sprintf("big-%d.yaml", records))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "freezer:\n  clients:")
	for i := range records {
		fmt.Fprintf(w, "    - client_id: node-%d\n      hostname: node-%d.example.com\n      description: made by the bench\n", i, i)
	}
	fmt.Fprintln(w, "barbican:\n  containers:\n    - name: the-one\n      consumers:")
	for i := range records {
		fmt.Fprintf(w, "        - name: consumer-%d\n          URL: http://consumer-%d.example.com/\n", i, i)
	}
	return path, w.Flush()
}

// seconds is the measure of how long the start took.
func seconds(*child) (float64, error) { return 0, nil }

// loading starts the emulator with a big fixture file, and measures one thing of it.
func (b *bench) loading(records int, measure func(*child) (float64, error)) (figures, error) {
	path, err := b.bigFixture(records)
	if err != nil {
		return figures{}, err
	}
	var all []float64
	for range min(b.rounds, 3) {
		began := time.Now()
		c, err := b.standin("--fixture", path)
		if err != nil {
			return figures{}, err
		}
		_, _, err = c.ask(string(get("/v1/clients")(0)))
		took := time.Since(began)
		value, e := measure(c)
		c.stop()
		if err != nil || e != nil {
			return figures{}, fmt.Errorf("%w", errors.Join(err, e))
		}
		if value == 0 {
			value = took.Seconds()
		}
		all = append(all, value)
	}
	low, mid, high := spread(all)
	return figures{value: mid, standin: fmt.Sprintf("%.3g, %.3g–%.3g", mid, low, high)}, nil
}

// lastPage compares the last page of many records with the first page of few.
func (b *bench) lastPage() (figures, error) {
	f := &field{b: b, requests: []request{get("/v1/clients?limit=10&offset=0"), get("/v1/clients?limit=10&offset=999990")}}
	defer f.stop()
	for _, n := range []int{1000, 1_000_000} {
		path, err := b.generated(n)
		if err != nil {
			return figures{}, err
		}
		c, err := b.standin("--fixture", path)
		if err != nil {
			return figures{}, err
		}
		f.children = append(f.children, c)
	}
	var ratios []float64
	err := f.rounds(connections, func(turns []turn) {
		ratios = append(ratios, turns[1].processor.Seconds()/turns[0].processor.Seconds())
	})
	low, mid, high := spread(ratios)
	return figures{value: mid, standin: fmt.Sprintf("%.2f, %.2f–%.2f", mid, low, high)}, err
}
