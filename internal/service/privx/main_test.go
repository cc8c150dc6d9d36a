package privx_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure the tests leave no goroutine running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// step is one request of a story.
type step = servicetest.Step

var has = servicetest.Has

// at returns the text at a JSON pointer.
var at = servicetest.At

const (
	apiClients  = "/local-user-store/api/v1/api-clients"
	roleStore   = "/role-store/api/v1/roles"
	clientLogin = "/auth/api/v1/oauth/clientcredentials/privx-external/token"
)

// newYear is the time of frozen clocks.
var newYear = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// privx returns a caller with a fixed token and its own emulator.
func privx(t *testing.T, caller string, opts ...emulator.Option) servicetest.Caller {
	t.Helper()
	return servicetest.Caller{Player: servicetest.NewPlayer(t, opts...), Header: map[string]string{"Authorization": "Bearer " + caller + "-token"}}
}

// as logs in by a POST and returns the caller with the new access token.
func as(t *testing.T, c servicetest.Caller, path, body string) servicetest.Caller {
	t.Helper()
	v := c.Expect(200, "POST", path, body)
	return c.With("Authorization", "Bearer "+at(t, v, "/access_token"))
}
