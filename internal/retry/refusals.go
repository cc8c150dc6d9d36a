package retry

import (
	"fmt"
	"net/http"
	"slices"

	"standin/internal/chain"
)

func (j *judge) repeatsClientError() {
	for _, c := range j.box.Chains {
		for i, a := range c.Attempts {
			if !clientError(a) {
				continue
			}
			j.tested = true
			if i+1 < len(c.Attempts) && c.Attempts[i+1].Same == a.Same {
				j.fails(c, "%d %s, and %d sent it again unchanged", a.Sequence, ended(a), c.Attempts[i+1].Sequence)
				break
			}
		}
	}
}

func (j *judge) keepsDeadToken() {
	j.once(func(_ *chain.Chain, _ int, a, b *chain.Step) (bool, string) {
		if !a.Answered(http.StatusUnauthorized) || a.Token == 0 {
			return false, ""
		}
		if a.Token != b.Token {
			return true, ""
		}
		return true, fmt.Sprintf("%d %s, and %d came with the same token", a.Sequence, ended(a), b.Sequence)
	})
}

// refused reports whether an attempt of the chain was answered 401.
func refused(c *chain.Chain) bool {
	return slices.ContainsFunc(c.Attempts, func(s *chain.Step) bool { return s.Answered(http.StatusUnauthorized) })
}

func (j *judge) logsInAgain() {
	var chains []*chain.Chain
	for _, c := range j.box.Chains {
		if refused(c) && !slices.Contains(chain.Logins, c.Operation) {
			chains = append(chains, c)
		}
	}
	for _, c := range chains {
		at := slices.IndexFunc(c.Attempts, func(s *chain.Step) bool { return s.Answered(http.StatusUnauthorized) })
		if at == len(c.Attempts)-1 {
			continue
		}
		j.tested = true
		refusal := c.Attempts[at]
		others := 0 // that may have needed the logins
		for _, o := range chains {
			if o != c && o.Attempts[0].Sequence < c.Last().Sequence && follows(o.Last(), refusal) {
				others++
			}
		}
		logins := j.loginsOf(c, refusal)
		if len(logins) > 1+others {
			j.fails(c, "%d %s, and %d logins followed: %s", refusal.Sequence, ended(refusal), len(logins), list(logins, ", "))
		}
	}
}

// follows reports whether a request began after the end of another one. On virtual time both may be in
// the same instant.
func follows(s, earlier *chain.Step) bool {
	return s.Sequence > earlier.Sequence && !s.Began.Before(earlier.Ended)
}

// loginsOf are the logins between a refusal and the last attempt that were made with the credentials
// of the chain's tokens. If no login issued them, all logins between count.
func (j *judge) loginsOf(c *chain.Chain, refusal *chain.Step) (all []*chain.Step) {
	with := map[uint64]bool{}
	for _, l := range j.box.logins {
		for _, s := range c.Attempts {
			if l.Issued != 0 && l.Issued == s.Token {
				with[l.Body] = true
			}
		}
	}
	for _, l := range j.box.logins {
		if l.Issued != 0 && follows(l, refusal) && l.Sequence < c.Last().Sequence && (len(with) == 0 || with[l.Body]) {
			all = append(all, l)
		}
	}
	return all
}
