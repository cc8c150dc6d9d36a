package emulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// Ensure delays run on virtual time, and have the length that was drawn.
func TestDelaysOnVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New(emulator.WithFault(
			fault.Rule{Name: "late", When: fault.When{Times: new(0)}, What: fault.What{Delay: fault.Fixed(3 * time.Second)}, Continue: true},
			fault.Rule{Name: "later", When: fault.When{Calls: []int{2}}, What: fault.What{Delay: fault.Fixed(time.Minute), Status: 503}, Phase: fault.After},
			fault.Rule{Name: "slow", When: fault.When{Calls: []int{3}}, What: fault.What{Dribble: &fault.Dribble{Chunks: 3, Over: fault.Duration(10 * time.Second)}}},
		))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		c := e.Client()
		defer c.CloseIdleConnections()
		for i, want := range []time.Duration{3 * time.Second, 63 * time.Second, 13 * time.Second} {
			begun := time.Now()
			if _, err := fetch(t, c, "GET", "http://standin/v1/clients", ""); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took != want {
				t.Errorf("request %d took %s, want %s", i+1, took, want)
			}
		}
		c.Timeout = time.Second
		if _, err := fetch(t, c, "GET", "http://standin/v1/clients", ""); err == nil {
			t.Error("a client with a time-out waited")
		}
		synctest.Wait()
		if last := e.Requests()[3]; last.Ended != journal.Aborted {
			t.Errorf("the journal has %s", last.Ended)
		}
	})
}

// Ensure bodies come at the given rate and in the given chunks.
func TestPace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what fault.What
		took time.Duration
	}{
		{fault.What{Bandwidth: 2}, 6500 * time.Millisecond}, // 14 bytes, the first at once
		{fault.What{Bandwidth: 70}, 100 * time.Millisecond},
		{fault.What{Bandwidth: 1000}, 0},
		{fault.What{Dribble: &fault.Dribble{Chunks: 5, Over: fault.Duration(4 * time.Second)}}, 4 * time.Second},
		{fault.What{Dribble: &fault.Dribble{Chunks: 100, Over: fault.Duration(13 * time.Second)}}, 13 * time.Second},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			e, err := emulator.New(emulator.WithFault(fault.Rule{What: tt.what}))
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			c := e.Client()
			defer c.CloseIdleConnections()
			begun := time.Now()
			if _, body, err := call(t.Context(), c, "GET", "http://standin/v1/clients", ""); err != nil || body != `{"clients":[]}` {
				t.Errorf("%s %v", body, err)
			}
			if took := time.Since(begun); took != tt.took {
				t.Errorf("%+v took %s, want %s", tt.what, took, tt.took)
			}
		})
	}
}

// Ensure a reset in a long body sends all the bytes before it, even to a client that reads late.
func TestResetLateInBody(t *testing.T) {
	t.Parallel()
	const size, through = 1_000_000, 900_000
	s := emulator.RunT(t, emulator.WithFault(fault.Rule{What: fault.What{
		Body: strings.Repeat("x", size), Connection: &fault.Connection{Kind: fault.Reset, At: "body", Bytes: new(through)},
	}}))
	c, err := net.Dial("tcp", s.Addr(""))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, listRequest); err != nil {
		t.Fatal(err)
	}
	s.Await(t.Context(), journal.Filter{Ended: journal.Cut}, 1) // it is being sent, and nobody reads
	got, err := io.ReadAll(c)
	if !errors.Is(err, syscall.ECONNRESET) || strings.Count(string(got), "x") < through {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// Ensure delays, dribbling and hanging end at once when the client leaves, the rule is removed, the
// sandbox is deleted or reset, or the server stops. Ensure nothing is left running.
func TestRelease(t *testing.T) { //nolint:paralleltest // it counts goroutines

	whats := map[string]fault.What{
		"delay":     {Delay: fault.Fixed(5 * time.Minute)},
		"hang":      {Connection: fault.Cut(fault.Hang)},
		"dribble":   {Dribble: &fault.Dribble{Chunks: 4, Over: fault.Duration(10 * time.Minute)}},
		"bandwidth": {Bandwidth: 1},
		"slow":      {Connection: &fault.Connection{Kind: fault.SlowClose, For: fault.Duration(5 * time.Minute)}},
	}
	for name, what := range whats {
		for _, how := range []string{"leave", "remove", "delete", "reset", "stop"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				before := runtime.NumGoroutine()
				release(t, name, what, how)
				deadline := time.Now().Add(2 * time.Minute)
				for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
					runtime.Gosched()
					time.Sleep(time.Millisecond)
				}
				if n := runtime.NumGoroutine(); n > before {
					t.Errorf("%d goroutines before, %d after", before, n)
				}
			})
		}
	}
}

func release(t *testing.T, name string, what fault.What, how string) {
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	box, err := e.NewSandbox("box", emulator.WithFault(fault.Rule{Name: "slow", What: what}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	c := s.Client()
	defer c.CloseIdleConnections()
	done := make(chan error, 1)
	begun := time.Now()
	go func() {
		if name == "slow" { // a client that does not close by itself
			done <- heldOpen(ctx, s.Addr(""))
			return
		}
		_, _, err := call(ctx, c, "GET", s.URL+"/~box/v1/clients", "")
		done <- err
	}()
	for box.Faults()[0].Fired == 0 {
		time.Sleep(time.Millisecond)
	}
	for name == "dribble" || name == "bandwidth" || name == "slow" { // let the first bytes out
		if len(box.Requests(journal.Filter{Status: "200"})) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	switch how {
	case "leave":
		leave()
	case "remove":
		box.RemoveFault("slow")
	case "delete":
		e.DeleteSandbox("box")
	case "reset":
		box.Reset()
	case "stop":
		stopping, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(stopping); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	}
	err = <-done
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if how == "leave" && name != "slow" && !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}
	if how == "remove" && name != "hang" && err != nil {
		t.Errorf("the rule is gone and the client got %v", err)
	}
	if how == "leave" && name != "slow" {
		if got := box.Await(context.Background(), journal.Filter{Ended: journal.Aborted}, 1); len(got) != 1 {
			t.Errorf("the journal has %+v", box.Requests())
		}
	}
}

// heldOpen sends a request over a connection that it keeps open until the other side closes it.
func heldOpen(ctx context.Context, addr string) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if _, err := io.WriteString(c, "GET /~box/v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\n\r\n"); err != nil {
		return err
	}
	_, err = io.ReadAll(c)
	return err
}
