package recorder_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// kinds returns the numbers and kinds of events.
func kinds(all []recorder.Event) string {
	var b strings.Builder
	for i := range all {
		fmt.Fprintf(&b, " %d:%s", all[i].Number, all[i].Kind())
	}
	return strings.TrimSpace(b.String())
}

// Ensure events come once and in order, from before and after Follow. Ensure a slow follower gets a
// note of how many events it has missed.
func TestEvents(t *testing.T) {
	t.Parallel()
	j := &recorder.Journal{Limits: journal.Limits{Entries: 3}}
	ctx := t.Context()
	j.Tell("reset", "")
	answer(j, "/2", 200, "")
	if got := kinds(j.Events(ctx, 0)); got != "1:reset 2:exchange" {
		t.Errorf("before anybody follows: %s", got)
	}
	stop := j.Follow()
	answer(j, "/3", 200, "")
	j.Tell("clock", "")
	if got := kinds(j.Events(ctx, 0)); got != "1:reset 2:exchange 3:exchange 4:clock" {
		t.Errorf("all: %s", got)
	}
	if got := kinds(j.Events(ctx, 3)); got != "4:clock" {
		t.Errorf("the newest: %s", got)
	}
	j.Clear()
	answer(j, "/5", 200, "")
	if got := kinds(j.Events(ctx, 2)); got != "3:exchange 4:clock 5:exchange" {
		t.Errorf("after the journal was cleared: %s", got)
	}
	for i := range 2000 {
		answer(j, fmt.Sprint("/", i), 200, "")
	}
	all := j.Events(ctx, 5)
	if all[0].Kind() != "missed" || !strings.Contains(string(all[0].JSON()), fmt.Sprintf("%d events", 2000-len(all)+1)) {
		t.Errorf("%d events, the first %s %s", len(all), all[0].Kind(), all[0].JSON())
	}
	stop()
	answer(j, "/last", 200, "")
	if got := kinds(j.Events(ctx, 2005)); got != "2006:exchange" {
		t.Errorf("after all have left: %s", got)
	}
}

// Ensure a number in the future is treated as the newest. A client may have it from an earlier
// server.
func TestEventsFromTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &recorder.Journal{}
		answer(j, "/", 200, "")
		got := make(chan string)
		go func() { got <- kinds(j.Events(t.Context(), 1000)) }()
		synctest.Wait()
		answer(j, "/", 200, "")
		if all := <-got; all != "2:exchange" {
			t.Error(all)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if all := j.Events(ctx, 2); all != nil {
			t.Errorf("%s, want none", kinds(all))
		}
	})
}
