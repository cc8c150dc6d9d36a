// Command bench compares the emulator with two servers under the same load: a bare net/http server
// that writes the same bytes, and a plain emulator as one writes it in an afternoon, with
// gorilla/mux, a map and encoding/json. All run in their own processes, in turn. It prints ratios,
// since absolute times depend on the machine.
//
//	go run ./bench [-only GLOB] [-rounds N] [-requests N] [-smoke]
//
// The exit code is 1 if a row could not be measured. With -smoke, it measures little, and the exit
// code is also 1 if a row is worse than twice its budget. It reads the processor time and the memory
// of its children from /proc, so it needs Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
)

func main() {
	b := &bench{}
	flag.IntVar(&b.requests, "requests", 20_000, "requests of each server in a round")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds, in each of which every server has its turn")
	flag.BoolVar(&b.smoke, "smoke", false, "measure little, and fail if a row is worse than twice its budget")
	only := flag.String("only", "*", "the rows to measure, as a glob of their names")
	list := flag.Bool("list", false, "list the names of the rows")
	serve := flag.String("serve", "", "run as one of the other servers: bare or gorilla (bench starts itself so)")
	records := flag.Int("records", 0, "the records of the gorilla server")
	rules := flag.Int("rules", 0, "the rules of the gorilla server")
	flag.Parse()
	switch {
	case *serve == bare:
		serveBare()
	case *serve == gorilla:
		serveGorilla(*records, *rules)
	case *list:
		for _, r := range rows {
			fmt.Println(r.name)
		}
	default:
		if err := b.run(*only); err != nil {
			log.Fatal(err)
		}
	}
}

// A row is a line of the table.
type row struct {
	name    string // as -only selects it
	what    string
	measure func(b *bench) (figures, error)
	budget  budget
	smoke   bool // it is quick enough for -smoke
}

// Figures are what a row says of the servers. Value is the one that the budget bounds.
type figures struct {
	value                  float64
	bare, gorilla, standin string
}

// A budget bounds the value of a row: at least, or at most.
type budget struct {
	least, most float64
	unit        string
}

func (b budget) String() string {
	if b.least > 0 {
		return fmt.Sprintf("≥ %.2f", b.least)
	}
	return strings.TrimSpace(fmt.Sprintf("≤ %g %s", b.most, b.unit))
}

// ratio returns how many times its budget a value is; more than 1 is too much.
func (b budget) ratio(value float64) float64 {
	if b.least > 0 {
		return b.least / value
	}
	return value / b.most
}

// rows are the lines of the table, in their order.
var rows = joined(requestRows, ruleRows, startRows, memoryRows, loadRows, emulatorRows)

func joined(all ...[]row) (rows []row) {
	for _, some := range all {
		rows = append(rows, some...)
	}
	return rows
}

// A bench is one run of the command.
type bench struct {
	requests, rounds int
	smoke            bool

	ctx          context.Context //nolint:containedctx // of one run of the command
	dir          string
	binary, self string
}

// tooMuch is how many times its budget a row may be with -smoke.
const tooMuch = 2

// run measures the rows and prints the table.
func (b *bench) run(only string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.ctx = ctx
	var err error
	if b.dir, err = os.MkdirTemp("", "standin-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.smoke {
		b.requests = min(b.requests, 4000)
	}
	if err := b.build(); err != nil {
		return err
	}
	fmt.Printf("| %-60s | %-20s | %-20s | %-26s | %-10s | %-4s |\n|%s|\n", "work", bare, gorilla, "standin", "budget", "held", strings.Repeat("---|", 6)[:23])
	problems, measured := []string{}, 0
	for _, r := range rows {
		chosen, err := path.Match(only, r.name)
		if err != nil {
			return fmt.Errorf("-only %s: %w", only, err)
		}
		if !chosen || b.smoke && !r.smoke {
			continue
		}
		measured++
		f, err := r.measure(b)
		if err == nil && (math.IsNaN(f.value) || math.IsInf(f.value, 0)) {
			err = errors.New("too few requests to measure a time")
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", r.name, err))
			continue
		}
		held, over := "yes", r.budget.ratio(f.value)
		if over > 1 {
			held = "no"
		}
		if b.smoke && over > tooMuch {
			problems = append(problems, fmt.Sprintf("%s: %.2f, and the budget is %s", r.name, f.value, r.budget))
		}
		fmt.Printf("| %-60s | %-20s | %-20s | %-26s | %-10s | %-4s |\n", r.what, f.bare, f.gorilla, f.standin, r.budget, held)
	}
	if measured == 0 {
		return fmt.Errorf("-only %s: no row has a matching name; -list lists the names", only)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s", strings.Join(problems, "\n"))
	}
	return nil
}

// file writes a file into the folder of the run.
func (b *bench) file(name, text string) (string, error) {
	path := filepath.Join(b.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// generated writes a fixture with a number of Freezer clients.
func (b *bench) generated(clients int) (string, error) {
	return b.file(fmt.Sprintf("clients-%d.yaml", clients), fmt.Sprintf("freezer: {generate: {clients: {count: %d}}}\n", clients))
}
