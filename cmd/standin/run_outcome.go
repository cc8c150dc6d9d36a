package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"standin/emulator/journal"
	child "standin/internal/command"
	"standin/internal/explore"
)

// compared runs the command against the emulator of a trial whose scenario expects an outcome. The
// command first runs twice without the rules of the scenario. Its output is printed when it has
// ended.
func (c *runCmd) compared(ctx context.Context, t *explore.Trial, command []string, s streams) (child.Ending, journal.Judgement, error) {
	session := explore.From(t.Emulator)
	client := child.Command{Args: command, Limit: c.Timeout, Patience: time.Second}
	var without [2]*explore.Observation
	for i := range without {
		plain, err := session.Trial()
		if err != nil {
			return child.Ending{}, journal.Judgement{}, err
		}
		if without[i], err = plain.Run(ctx, against(ctx, &client, 0)); err != nil {
			return child.Ending{}, journal.Judgement{}, err
		}
	}
	if err := session.SetBaseline(without[0], without[1]); err != nil {
		_, _ = io.WriteString(s.err, without[0].Output)
		return child.Ending{}, journal.Judgement{}, err
	}
	client.Limit = cmp.Or(client.Limit, session.Limit())
	o, err := t.Run(ctx, against(ctx, &client, 1))
	if err != nil {
		return child.Ending{}, journal.Judgement{}, err
	}
	_, _ = io.WriteString(s.out, o.Output)
	came, why := session.Outcome(o)
	want := t.Sandboxes.Origin().Outcome
	return o.Ending, journal.Judgement{
		Expectation: want.String(), Met: want.Has(came), Found: fmt.Sprintf("%s: %s", came, strings.Join(why, "; ")),
	}, nil
}

// against returns what runs a command against the emulator of a trial. The number of the run is that
// of an exploration: 0 is a run without the rules.
func against(ctx context.Context, client *child.Command, number int) func(t *explore.Trial) (child.Ending, error) {
	return func(t *explore.Trial) (child.Ending, error) {
		return client.Run(ctx, t.Environment(number))
	}
}
