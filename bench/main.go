// Command bench compares the emulator with a bare net/http server that writes the same bytes. Both
// run in their own processes, alternately, under the same load. It prints ratios, since absolute
// times depend on the machine.
//
//	go run ./bench [-requests N] [-rounds N] [-records N]
//
// It reads the processor time of its children from /proc, so it needs Linux.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

func main() {
	requests := flag.Int("requests", 20000, "requests per round")
	rounds := flag.Int("rounds", 5, "rounds for each of the two servers")
	records := flag.Int("records", 1_000_000, "number of records in the large world")
	twin := flag.Bool("twin", false, "run as the bare server (bench starts itself with this flag)")
	flag.Parse()
	if *twin {
		serveTwin()
		return
	}
	if err := bench(*requests, *rounds, *records); err != nil {
		log.Fatal(err)
	}
}

// A row is a line of the table: what was compared, the ratio, and its budget.
type row struct {
	what, ratio, budget string
}

func bench(requests, rounds, records int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir, err := os.MkdirTemp("", "standin-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &runner{ctx: ctx, dir: dir, requests: requests, rounds: rounds}
	if err := b.build(); err != nil {
		return err
	}
	var rows []row
	for _, step := range []func() ([]row, error){
		func() ([]row, error) { return b.againstTwin() },
		func() ([]row, error) { return b.largeWorld(records) },
		b.rules,
		b.sandboxes,
		b.startUp,
		b.memory,
	} {
		more, err := step()
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	fmt.Printf("| %-66s | %-7s | %-7s |\n|%s|%s|%s|\n", "what", "ratio", "budget", strings.Repeat("-", 68), strings.Repeat("-", 9), strings.Repeat("-", 9))
	for _, r := range rows {
		fmt.Printf("| %-66s | %-7s | %-7s |\n", r.what, r.ratio, r.budget)
	}
	return nil
}

// fixture writes a fixture with the given number of Freezer clients.
func (b *runner) fixture(clients int) (string, error) {
	path := filepath.Join(b.dir, fmt.Sprintf("clients-%d.yaml", clients))
	text := fmt.Sprintf("freezer: {generate: {clients: {count: %d}}}\n", clients)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

const (
	list   = "GET /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\n\r\n"
	create = "POST /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
	client = `{"client_id":"node-%012d","hostname":"node.example.com","description":"made by the bench"}`
)

func page(offset int) string {
	return strings.Replace(list, "/v1/clients", fmt.Sprintf("/v1/clients?limit=10&offset=%d", offset), 1)
}

// againstTwin compares the processor time per request with that of the bare server.
func (b *runner) againstTwin() ([]row, error) {
	const records = 100_000
	path, err := b.fixture(records)
	if err != nil {
		return nil, err
	}
	ours, err := b.start(b.binary, "--listen", "127.0.0.1:0", "--fixture", path)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	twin, err := b.start(b.self, "-twin")
	if err != nil {
		return nil, err
	}
	defer twin.stop()
	one, err := oneClient(ours.addr)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range []struct {
		what, budget string
		request      func(n int) string
	}{
		{"GET list page: bare ÷ ours", ">= 0.60", fixed(list)},
		{"GET one of 100,000: bare ÷ ours", ">= 0.60", fixed(strings.Replace(list, "/v1/clients", "/v1/clients/"+one, 1))},
		{"GET page at the end of 100,000: bare ÷ ours", ">= 0.60", fixed(page(records - 10))},
		{"POST create, validated and stored: bare ÷ ours", ">= 0.45", newClient},
	} {
		if err := twin.imitate(ours.addr, c.request(-1)); err != nil {
			return nil, err
		}
		bare, mine, err := b.compare(twin, ours, c.request, c.request)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{c.what, fmt.Sprintf("%.2f", bare/mine), c.budget})
	}
	return rows, nil
}

func fixed(request string) func(int) string { return func(int) string { return request } }

func newClient(n int) string {
	body := fmt.Sprintf(client, n+1)
	return fmt.Sprintf(create, len(body), body)
}

// largeWorld compares the last page of many records with the first page of few records.
func (b *runner) largeWorld(records int) ([]row, error) {
	var children []*child
	for _, n := range []int{1000, records} {
		path, err := b.fixture(n)
		if err != nil {
			return nil, err
		}
		c, err := b.start(b.binary, "--listen", "127.0.0.1:0", "--fixture", path)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		children = append(children, c)
	}
	few, many, err := b.compare(children[0], children[1], fixed(page(0)), fixed(page(records-10)))
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("last page of %d records ÷ first page of 1,000", records)
	return []row{{what, fmt.Sprintf("%.2f", many/few), "<= 1.3"}}, nil
}

// rules compares requests with a thousand rules for other operations and requests without rules.
func (b *runner) rules() ([]row, error) {
	const rules = 1000
	var text strings.Builder
	text.WriteString("name: many\nfaults:\n")
	for i := range rules {
		fmt.Fprintf(&text, "  - {name: rule-%d, where: {operation: barbican.*}, when: {times: 0}, what: {status: 503}}\n", i)
	}
	path := filepath.Join(b.dir, "many.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return nil, err
	}
	none, err := b.start(b.binary, "--listen", "127.0.0.1:0", "--fixture", "default")
	if err != nil {
		return nil, err
	}
	defer none.stop()
	many, err := b.start(b.binary, "--listen", "127.0.0.1:0", "--fixture", "default", "--scenario", path)
	if err != nil {
		return nil, err
	}
	defer many.stop()
	t1, t2, err := b.compare(none, many, fixed(list), fixed(list))
	if err != nil {
		return nil, err
	}
	return []row{{"1,000 fault rules on other operations ÷ none", fmt.Sprintf("%.2f", t2/t1), "<= 1.1"}}, nil
}

// sandboxes measures the memory of ten thousand forks of a large world, after one request in each.
// GOGC is 10, so that garbage adds little to the result.
func (b *runner) sandboxes() ([]row, error) {
	const records, forks, megabyte = 100_000, 10_000, 1 << 20
	path, err := b.fixture(records)
	if err != nil {
		return nil, err
	}
	ours, err := b.startWith([]string{"GOGC=10"}, b.binary, "--listen", "127.0.0.1:0", "--fixture", path)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	before, err := ours.resident()
	if err != nil {
		return nil, err
	}
	fork := func(n int) string {
		body := fmt.Sprintf(`{"name":"s%d","fork":"default"}`, n)
		return fmt.Sprintf("POST /_standin/sandboxes HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	first := int(b.created.Load())
	if err := b.load(ours.addr, forks, fork); err != nil {
		return nil, err
	}
	forked, err := ours.resident()
	if err != nil {
		return nil, err
	}
	var asked atomic.Int64
	use := func(int) string {
		return strings.Replace(list, "/v1/clients", fmt.Sprintf("/~s%d/v1/clients", first+int(asked.Add(1))), 1)
	}
	if err := b.load(ours.addr, forks, use); err != nil {
		return nil, err
	}
	used, err := ours.resident()
	if err != nil {
		return nil, err
	}
	return []row{
		{"10,000 sandboxes forked from 100,000 records, above the first", fmt.Sprintf("%.0f MB", (forked-before)/megabyte), "<= 200"},
		{"the same after a request in each", fmt.Sprintf("%.0f MB", (used-before)/megabyte), "<= 200"},
	}, nil
}

// startUp compares the time from the start of the process to the first 200.
func (b *runner) startUp() ([]row, error) {
	const times = 20
	var bare, mine float64
	for range times {
		for _, c := range []struct {
			sum  *float64
			args []string
			path string
		}{
			{&bare, []string{b.self, "-twin"}, "/"},
			{&mine, []string{b.binary, "--listen", "127.0.0.1:0"}, "/v1/clients"},
		} {
			d, err := b.firstAnswer(c.args, c.path)
			if err != nil {
				return nil, err
			}
			*c.sum += d.Seconds()
		}
	}
	return []row{{"process start to first 200: ours ÷ bare", fmt.Sprintf("%.1f", mine/bare), "<= 4"}}, nil
}

// memory compares the memory of the process after many requests and after few.
func (b *runner) memory() ([]row, error) {
	ours, err := b.start(b.binary, "--listen", "127.0.0.1:0", "--fixture", "default")
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	const few, many = 10_000, 1_000_000
	if err := b.load(ours.addr, few, fixed(list)); err != nil {
		return nil, err
	}
	before, err := ours.resident()
	if err != nil {
		return nil, err
	}
	if err := b.load(ours.addr, many-few, fixed(list)); err != nil {
		return nil, err
	}
	after, err := ours.resident()
	if err != nil {
		return nil, err
	}
	return []row{{"memory after 1,000,000 requests ÷ after 10,000", fmt.Sprintf("%.2f", after/before), "1"}}, nil
}
