package exchange

import (
	"net/http"
	"time"

	"standin/emulator/journal"
	"standin/internal/ruleset"
	"standin/internal/transport"
)

// wait waits because of a rule. It returns early if the rule is removed, as it is
// with its sandbox, and reports false if the client leaves or the server stops.
func (x *exchange) wait(f *ruleset.Firing, d time.Duration) bool {
	if d > transport.RequestTimeout/2 {
		_ = http.NewResponseController(x.sender.w).SetReadDeadline(time.Time{}) // it would end the request's context
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

// leave closes the entry of an exchange whose client has left, or whose server stops.
func (x *exchange) leave() end {
	x.close(journal.Aborted, nil)
	return aborted
}
