package emulator_test

import (
	"net/http"
	"slices"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// unruled are the operations that have no policy: they answer every caller with a token in the same
// way.
var unruled = []string{"barbican.version.show", "barbican.orders.show", "barbican.orders.delete"}

// Ensure an unknown caller may do nothing and the reader may write nothing. Ensure every caller may
// do what demo may if authentication is off.
func TestWhoMayWhat(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
		if c.Service == "keystone" || c.Service == "control" {
			continue
		}
		for _, op := range c.Operations {
			if op.Public || slices.Contains(unruled, op.ID) {
				continue
			}
			s := op.Samples[0]
			for _, caller := range []string{"nobody", "reader"} {
				if caller == "reader" && op.Method == http.MethodGet {
					continue
				}
				s.Caller, s.After = caller, nil
				p := servicetest.NewPlayer(t, emulator.WithFixture("documented"))
				if resp, body := p.Play(op, s); resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s by %s: %d %s", op.ID, caller, resp.StatusCode, body)
				}
			}
			s.Caller = "none"
			p := servicetest.NewPlayer(t, emulator.WithFixture("documented"), emulator.WithAuth(false))
			if resp, body := p.Play(op, s); resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
				t.Errorf("%s with authentication off: %d %s", op.ID, resp.StatusCode, body)
			}
		}
	}
}
