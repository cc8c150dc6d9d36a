package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// many is the number of records of the large worlds.
const many = 100_000

var requestRows = []row{
	{"list", "GET list page of 3", func(b *bench) (figures, error) { return b.work(0, everywhere(get("/v1/clients"))) }, budget{least: 0.80}, true},
	{"show", "GET one of 100,000", func(b *bench) (figures, error) { return b.work(many, showOne) }, budget{least: 0.80}, false},
	{"page", "GET page at 90,000 of 100,000", func(b *bench) (figures, error) {
		return b.work(many, everywhere(get("/v1/clients?limit=10&offset=90000")))
	}, budget{least: 0.75}, false},
	{"create", "POST create, validated and stored", func(b *bench) (figures, error) { return b.work(0, everywhere(create)) }, budget{least: 0.65}, false},
	{"create-many", "POST create into 100,000", func(b *bench) (figures, error) { return b.work(many, everywhere(create)) }, budget{least: 0.60}, false},
	{"p99", "p99 of GET list at 64 connections: standin ÷ gorilla", (*bench).slowest, budget{most: 1.3}, false},
}

func get(path string) request {
	return always("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\n\r\n")
}

func post(path, body string) []byte {
	return []byte("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\nContent-Type: application/json\r\nContent-Length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// create creates a record with another name each time.
func create(n int) []byte {
	return post("/v1/clients", fmt.Sprintf(`{"client_id":"bench-%012d","hostname":"node.example.com","description":"made by the bench"}`, n+1))
}

// A chooser returns the request that a server gets.
type chooser func(c *child) (request, error)

func everywhere(r request) chooser { return func(*child) (request, error) { return r, nil } }

// showOne returns a request for one of the records of a server.
func showOne(c *child) (request, error) {
	_, body, err := c.ask(string(get("/v1/clients?limit=10&offset=50000")(0)))
	if err != nil {
		return nil, err
	}
	var doc plainList
	if err := json.Unmarshal(body, &doc); err != nil || len(doc.Clients) == 0 {
		return nil, fmt.Errorf("no client in %.80q", body)
	}
	return get("/v1/clients/" + doc.Clients[0].Client.ID), nil
}

// A field is the three servers, and the request that each gets.
type field struct {
	b        *bench
	children []*child // bare, gorilla, standin
	requests []request
}

// field starts the three servers.
func (b *bench) field(records, rules int, choose chooser, args ...string) (*field, error) {
	f := &field{b: b}
	fixture, few := "default", 3
	if records > 0 {
		few = records
		var err error
		if fixture, err = b.generated(records); err != nil {
			return nil, err
		}
	}
	for _, start := range []func() (*child, error){
		func() (*child, error) { return b.other(bare) },
		func() (*child, error) {
			return b.other(gorilla, "-records", fmt.Sprint(few), "-rules", fmt.Sprint(rules))
		},
		func() (*child, error) { return b.standin(append(args, "--fixture", fixture)...) },
	} {
		c, err := start()
		if err != nil {
			f.stop()
			return nil, err
		}
		f.children = append(f.children, c)
		if len(f.children) == 1 {
			f.requests = append(f.requests, nil)
			continue
		}
		r, err := choose(c)
		if err != nil {
			f.stop()
			return nil, err
		}
		f.requests = append(f.requests, r)
	}
	f.requests[0] = f.requests[2]
	if err := f.children[0].imitate(f.children[2], f.requests[2]); err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

func (f *field) stop() {
	for _, c := range f.children {
		c.stop()
	}
}

// rounds gives each server its turn in each round. Each round begins with another server, because the
// machine is slower for the last one. The first round only warms up.
func (f *field) rounds(connections int, with func(turns []turn)) error {
	for round := range f.b.rounds + 1 {
		turns := make([]turn, len(f.children))
		for n := range f.children {
			i := (round + n) % len(f.children)
			c := f.children[i]
			var err error
			if turns[i], err = c.load(f.b.ctx, connections, f.b.requests, f.requests[i]); err != nil {
				return err
			}
		}
		if round > 0 {
			with(turns)
		}
	}
	return nil
}

// work compares the requests per second of the three servers.
func (b *bench) work(records int, choose chooser) (figures, error) {
	f, err := b.field(records, 0, choose)
	if err != nil {
		return figures{}, err
	}
	defer f.stop()
	return f.compare()
}

func (f *field) compare() (figures, error) {
	ratios, micros := make([][]float64, len(f.children)), make([]time.Duration, len(f.children))
	err := f.rounds(connections, func(turns []turn) {
		for i := range turns {
			ratios[i] = append(ratios[i], turns[0].took.Seconds()/turns[i].took.Seconds())
			micros[i] += turns[i].processor
		}
	})
	text := func(i int) string {
		ratio := "1"
		if i > 0 {
			_, ratio = spread(ratios[i], "%.2f", "")
		}
		return fmt.Sprintf("%s (%.0f µs)", ratio, float64(micros[i].Microseconds())/float64(f.b.requests*f.b.rounds))
	}
	value, _ := spread(ratios[2], "%.2f", "")
	return figures{value, text(0), text(1), text(2)}, err
}

// cost compares the processor time of two servers, of which the second has more to do.
func (f *field) cost() (figures, error) {
	var ratios []float64
	err := f.rounds(connections, func(turns []turn) {
		ratios = append(ratios, turns[1].processor.Seconds()/turns[0].processor.Seconds())
	})
	mid, text := spread(ratios, "%.2f", "")
	return figures{value: mid, standin: text}, err
}

// spread returns the middle of some numbers, and a text with it, the least and the greatest. Form is
// that of a number.
func spread(all []float64, form, unit string) (mid float64, text string) {
	if len(all) == 0 {
		return 0, ""
	}
	all = slices.Sorted(slices.Values(all))
	mid = all[len(all)/2]
	return mid, fmt.Sprintf(form+unit+", "+form+"–"+form, mid, all[0], all[len(all)-1])
}

// slowest compares the slowest hundredth of the requests over 64 connections.
func (b *bench) slowest() (figures, error) {
	f, err := b.field(0, 0, everywhere(get("/v1/clients")))
	if err != nil {
		return figures{}, err
	}
	defer f.stop()
	late := make([][]float64, len(f.children))
	err = f.rounds(64, func(turns []turn) {
		for i := range turns {
			late[i] = append(late[i], turns[i].each[len(turns[i].each)*99/100].Seconds()*1000)
		}
	})
	_, first := spread(late[0], "%.1f", " ms")
	theirs, second := spread(late[1], "%.1f", " ms")
	ours, third := spread(late[2], "%.1f", " ms")
	return figures{ours / theirs, first, second, fmt.Sprintf("%.2f (%s)", ours/theirs, third)}, err
}
