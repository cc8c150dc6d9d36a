package control

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"standin/emulator/journal"
	"standin/internal/chain"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// A Chains lists what clients tried several times.
type Chains struct {
	Chains  []Chain `json:"chains"`  // the requests that were sent again, in the order in which they began
	Evicted uint64  `json:"evicted"` // how many exchanges were evicted from the journal, so that attempts may be missing
}

// A Chain is one request with its attempts, as the report on retries puts them together.
type Chain struct {
	Operation string    `json:"operation"`        // the operationId; if the request matches no operation, its method and path
	Caller    string    `json:"caller,omitempty"` // the name of the user; absent if the caller is unknown
	Attempts  []Attempt `json:"attempts"`         // the attempts, in the order in which they began
}

// An Attempt is one exchange of a chain.
type Attempt struct {
	Sequence   uint64        `json:"sequence"`                 // the number of the exchange
	Status     int           `json:"status,omitempty"`         // the status of the reply; absent if none was sent
	Ended      journal.Ended `json:"ended"`                    // how the exchange ended
	Began      time.Time     `json:"began"`                    // when it began, in real time
	Took       time.Duration `json:"took_ns,omitempty"`        // how long it took, in nanoseconds; absent while it is open
	RetryAfter *float64      `json:"retry_after_ms,omitempty"` // how long Retry-After says to wait from the end of the reply, in milliseconds; absent without a valid header
	Pause      *float64      `json:"pause_ms,omitempty"`       // the time from the end of the previous attempt, in milliseconds; absent of the first
}

// listChains answers GET chains with the chains that have enough attempts.
func (a *api) listChains(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	atLeast, err1 := number(c.Query(), "attempts", 2)
	newest, err2 := number(c.Query(), "newest", 0)
	with, err3 := number(c.Query(), "sequence", 0)
	if err := cmp.Or(err1, err2, err3); err != nil {
		return service.Reply{}, err
	}
	record := chain.Of(s.Journal())
	all := Chains{Chains: []Chain{}, Evicted: record.Evicted}
	for _, ch := range record.Chains {
		has := func(s *chain.Step) bool { return s.Sequence == uint64(with) }
		if len(ch.Attempts) >= atLeast && (with == 0 || slices.ContainsFunc(ch.Attempts, has)) {
			all.Chains = append(all.Chains, chainOf(ch))
		}
	}
	if newest > 0 && len(all.Chains) > newest {
		all.Chains = all.Chains[len(all.Chains)-newest:]
	}
	return reply(http.StatusOK, all)
}

func chainOf(ch *chain.Chain) Chain {
	out := Chain{Operation: ch.Operation, Caller: ch.Attempts[0].Who}
	for i, s := range ch.Attempts {
		at := Attempt{Sequence: s.Sequence, Status: s.Status, Ended: s.End, Began: s.Began}
		if !s.Ended.IsZero() {
			at.Took = s.Ended.Sub(s.Began)
		}
		if s.HasTold {
			at.RetryAfter = milliseconds(s.Told)
		}
		if i > 0 {
			at.Pause = milliseconds(ch.Pause(i - 1))
		}
		out.Attempts = append(out.Attempts, at)
	}
	return out
}

func milliseconds(d time.Duration) *float64 {
	ms := float64(d) / float64(time.Millisecond)
	return &ms
}
