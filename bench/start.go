package main

import (
	"fmt"
	"os/exec"
	"time"
)

// starts is how often each process is started.
const starts = 40

var startRows = []row{
	{"start", "process start to first 200: standin ÷ bare", (*bench).firstAnswers, budget{most: 2.5}, false},
	{"run", "the whole of standin run -- true ÷ bare to first 200", (*bench).wholeRuns, budget{most: 2.5}, false},
}

// firstAnswers compares the time from the start of a process to its first answer.
func (b *bench) firstAnswers() (figures, error) {
	took := make([][]float64, 3)
	for range starts {
		for i, args := range [][]string{{b.self, "-serve", bare}, {b.self, "-serve", gorilla, "-records", "3"}, {b.binary, "--listen", "127.0.0.1:0"}} {
			d, err := b.firstAnswer(args)
			if err != nil {
				return figures{}, err
			}
			took[i] = append(took[i], d.Seconds()*1000)
		}
	}
	return started(took), nil
}

// started returns the figures of starts, in milliseconds: of the bare server first, of the emulator last.
func started(took [][]float64) figures {
	last := len(took) - 1
	theirs, first := spread(took[0], "%.0f", " ms")
	ours, text := spread(took[last], "%.0f", " ms")
	f := figures{value: ours / theirs, bare: first, standin: fmt.Sprintf("%.1f (%s)", ours/theirs, text)}
	if last > 1 {
		_, f.gorilla = spread(took[1], "%.0f", " ms")
	}
	return f
}

// firstAnswer returns the time from the start of a process to its first 200.
func (b *bench) firstAnswer(args []string) (time.Duration, error) {
	began := time.Now()
	c, err := b.start(nil, args...)
	if err != nil {
		return 0, err
	}
	defer c.stop()
	_, _, err = c.ask(string(get("/v1/clients")(0)))
	return time.Since(began), err
}

// wholeRuns compares a whole run of a command that sends a request with the start of the bare server.
func (b *bench) wholeRuns() (figures, error) {
	took := make([][]float64, 2)
	for range starts {
		d, err := b.firstAnswer([]string{b.self, "-serve", bare})
		if err != nil {
			return figures{}, err
		}
		took[0] = append(took[0], d.Seconds()*1000)
		began := time.Now()
		cmd := exec.CommandContext(b.ctx, b.binary, "run", "--", "true")
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 { // true sends no request, so that the run fails
			return figures{}, fmt.Errorf("standin run: %w", err)
		}
		took[1] = append(took[1], time.Since(began).Seconds()*1000)
	}
	return started(took), nil
}
