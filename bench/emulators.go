package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

var emulatorRows = []row{
	{"new", "emulator.New again in one process: allocations", func(b *bench) (figures, error) { return b.again("allocs/op", 1) }, budget{most: 200}, true},
	{"new-time", "the same: time", func(b *bench) (figures, error) { return b.again("ns/op", 1e-3) }, budget{most: 50, unit: "µs"}, false},
	{"tests", "1,000 parallel tests with RunT ÷ with an idle httptest.Server", (*bench).tests, budget{most: 2}, false},
}

// suite builds package suite.
func (b *bench) suite() (string, error) {
	binary := filepath.Join(b.dir, "suite")
	if out, err := exec.CommandContext(b.ctx, "go", "test", "-c", "-o", binary, "./bench/suite").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
}

// again measures a new emulator in a process that has made one before.
func (b *bench) again(unit string, times float64) (figures, error) {
	binary, err := b.suite()
	if err != nil {
		return figures{}, err
	}
	out, err := exec.CommandContext(b.ctx, binary, "-test.run", "^$", "-test.bench", "New", "-test.benchmem").CombinedOutput()
	if err != nil {
		return figures{}, fmt.Errorf("%w: %s", err, out)
	}
	words := strings.Fields(string(out))
	at := slices.Index(words, unit)
	if at < 1 {
		return figures{}, fmt.Errorf("no %s in %q", unit, out)
	}
	v, err := strconv.ParseFloat(words[at-1], 64)
	return figures{value: v * times, standin: fmt.Sprintf("%.0f", v*times)}, err
}

// tests compares the processor time of two test suites: package suite has them.
func (b *bench) tests() (figures, error) {
	binary, err := b.suite()
	if err != nil {
		return figures{}, err
	}
	var ratios []float64
	for range b.rounds {
		var took [2]time.Duration
		for i, name := range []string{"TestPlain", "TestStandin"} {
			cmd := exec.CommandContext(b.ctx, binary, "-test.run", name, "-test.parallel", "8")
			if out, err := cmd.CombinedOutput(); err != nil {
				return figures{}, fmt.Errorf("%w: %s", err, out)
			}
			took[i] = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		}
		ratios = append(ratios, took[1].Seconds()/took[0].Seconds())
	}
	mid, text := spread(ratios, "%.2f", "")
	return figures{value: mid, standin: text}, nil
}
