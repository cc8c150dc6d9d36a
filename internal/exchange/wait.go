package exchange

import (
	"net/http"
	"time"

	"standin/emulator/journal"
	"standin/internal/ruleset"
	"standin/internal/transport"
)

// wait waits for d on behalf of a rule. It returns true when d has passed or the rule is removed,
// alone or with its sandbox. It returns false if the client leaves or the server stops.
func (x *exchange) wait(f *ruleset.Firing, d time.Duration) bool {
	if d > transport.RequestTimeout/2 {
		_ = http.NewResponseController(x.sender.w).SetReadDeadline(time.Time{}) // that deadline would cancel the request's context
	}
	ctx, stop := transport.Present(x.in.request)
	defer stop()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.Done().Done():
	case <-ctx.Done():
		return false
	}
	return true
}

// leave closes the entry of an exchange whose client left, or whose server stops.
func (x *exchange) leave() end {
	x.close(journal.Aborted, nil)
	return aborted
}
