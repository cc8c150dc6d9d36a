package explore

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"standin/internal/command"
)

// patience is how long a client may take to end after its time limit.
const patience = 10 * time.Second

// Call runs a client that is a function until it ends or its time is over; a limit of 0 means no limit.
// Then its context ends, and stop cuts its connections. The error says that the client goes on even so.
func Call(limit time.Duration, stop func() error, client func(ctx context.Context) error) (command.Ending, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun, ended := time.Now(), make(chan command.Ending, 1)
	go call(ctx, client, ended)
	var over <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case end := <-ended:
		end.Took = time.Since(begun)
		return end, nil
	case <-over:
	}
	cancel()
	_ = stop()
	var err error
	select {
	case <-ended:
	case <-time.After(patience):
		err = fmt.Errorf("the client goes on %s after its context ended", patience)
	}
	return command.Ending{Code: -1, Stopped: true, Found: fmt.Sprintf("stopped after %s", limit), Took: time.Since(begun)}, err
}

// call calls a client, and says how it ended.
func call(ctx context.Context, client func(ctx context.Context) error, ended chan<- command.Ending) {
	end := command.Ending{Code: 1, Found: "it ended its goroutine, as t.FailNow does; a client returns an error"}
	defer func() {
		if p := recover(); p != nil {
			end = command.Ending{Code: -1, Trace: "Go", Found: fmt.Sprintf("panic: %v", p), Output: string(debug.Stack())}
		}
		ended <- end
	}()
	err := client(ctx)
	if end = (command.Ending{Found: "no error"}); err != nil {
		end = command.Ending{Code: 1, Found: fmt.Sprintf("error: %v", err)}
	}
}
