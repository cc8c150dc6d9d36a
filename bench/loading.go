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
	{"fixture-seconds", "a dump of 100,000 clients and 100,000 consumers: seconds", func(b *bench) (figures, error) { return b.loading("json", many, seconds) }, budget{most: 1.2, unit: "s"}, false},
	{"fixture-steady", "the same: memory", func(b *bench) (figures, error) { return b.loading("json", many, steady) }, budget{most: 120, unit: "MB"}, false},
	{"fixture-peak", "the same: memory at most", func(b *bench) (figures, error) { return b.loading("json", many, atMost) }, budget{most: 250, unit: "MB"}, false},
	{"fixture-yaml", "the same as YAML: memory at most", func(b *bench) (figures, error) { return b.loading("yaml", many, atMost) }, budget{most: 250, unit: "MB"}, false},
	{"million-seconds", "a dump of 500,000 and 500,000: seconds", func(b *bench) (figures, error) { return b.loading("json", 5*many, seconds) }, budget{most: 6, unit: "s"}, false},
	{"million-peak", "the same: memory at most", func(b *bench) (figures, error) { return b.loading("json", 5*many, atMost) }, budget{most: 1250, unit: "MB"}, false},
	{"last-page", "the last page of 1,000,000 ÷ the first of 1,000: processor time", (*bench).lastPage, budget{most: 1.3}, false},
}

// The forms of a fixture file with clients, and consumers of one container: its parts, and what is
// between two records.
var forms = map[string]struct{ head, client, middle, consumer, between, end string }{
	"json": {
		`{"freezer":{"clients":[` + "\n",
		`{"user_id":"0cd44caf6db5486b94a04b33256a5ff4","client":{"client_id":"node-%d.example.com","hostname":"node-%[1]d.example.com","description":"made by the bench","uuid":"a%031[1]x"}}`,
		`]},"barbican":{"containers":[{"container_ref":"3bec7522-75c1-4d5b-8c12-ab8b4a9a721b","project_id":"b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f","type":"generic","consumers":[` + "\n",
		`{"name":"consumer-%d","URL":"https://consumer-%[1]d.example.com/","created":"2025-09-29T11:30:24.776950","updated":"2025-09-29T11:30:24.776950"}`,
		",\n", "]}]}}\n",
	},
	"yaml": {
		"freezer:\n  clients:\n",
		"  - user_id: 0cd44caf6db5486b94a04b33256a5ff4\n    client:\n      client_id: node-%d.example.com\n      hostname: node-%[1]d.example.com\n      description: made by the bench\n      uuid: a%031[1]x\n",
		"barbican:\n  containers:\n  - container_ref: 3bec7522-75c1-4d5b-8c12-ab8b4a9a721b\n    project_id: b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f\n    type: generic\n    consumers:\n",
		"    - name: consumer-%d\n      URL: https://consumer-%[1]d.example.com/\n      created: 2025-09-29T11:30:24.776950\n      updated: 2025-09-29T11:30:24.776950\n",
		"", "",
	},
}

// bigFixture writes a fixture file in which every record is written out.
func (b *bench) bigFixture(form string, records int) (path string, err error) {
	path = filepath.Join(b.dir, fmt.Sprintf("big-%d.%s", records, form))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	w, parts := bufio.NewWriter(f), forms[form]
	all := func(head, record string) {
		_, _ = w.WriteString(head) // Flush returns the first error
		for i := range records {
			if i > 0 {
				_, _ = w.WriteString(parts.between)
			}
			fmt.Fprintf(w, record, i)
		}
	}
	all(parts.head, parts.client)
	all(parts.middle, parts.consumer)
	_, _ = w.WriteString(parts.end)
	return path, w.Flush()
}

// A measure is what a row says of a server that took a time to start.
type measure func(c *child, took time.Duration) (float64, error)

func seconds(_ *child, took time.Duration) (float64, error) { return took.Seconds(), nil }
func steady(c *child, _ time.Duration) (float64, error)     { return c.resident() }
func atMost(c *child, _ time.Duration) (float64, error)     { return c.peak() }

// loading starts the emulator with a big fixture file, and measures one thing of it.
func (b *bench) loading(form string, records int, of measure) (figures, error) {
	path, err := b.bigFixture(form, records)
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
		value, e := of(c, time.Since(began))
		c.stop()
		if err := errors.Join(err, e); err != nil {
			return figures{}, err
		}
		all = append(all, value)
	}
	mid, text := spread(all, "%.3g", "")
	return figures{value: mid, standin: text}, nil
}

// collected is how many requests it takes until a heap with 1,000,000 records is collected. Until then,
// requests get memory that is returned after loading, page by page.
const collected = 150_000

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
	if _, err := f.children[1].load(b.ctx, connections, collected, f.requests[1]); err != nil {
		return figures{}, err
	}
	return f.cost()
}
