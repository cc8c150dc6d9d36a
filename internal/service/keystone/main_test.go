package keystone_test

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure the tests leave no goroutine running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// step is one request of a story.
type step = servicetest.Step

var has = servicetest.Has

// at returns the text at a JSON pointer.
var at = servicetest.At

const (
	demoID      = "0cd44caf6db5486b94a04b33256a5ff4"
	demoProject = "b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f"
	credentials = "/v3/users/" + demoID + "/application_credentials"
	accessRules = "/v3/users/" + demoID + "/access_rules"
)

// keystone returns a caller with a fixed token and its own emulator.
func keystone(t *testing.T, caller string) servicetest.Caller {
	t.Helper()
	return servicetest.Caller{Player: servicetest.NewPlayer(t), Header: map[string]string{"X-Auth-Token": caller + "-token", "Content-Type": "application/json"}}
}

// login logs in to Keystone and returns the caller with the new token.
func login(t *testing.T, c servicetest.Caller, identity string) servicetest.Caller {
	t.Helper()
	resp, v := servicetest.Caller{Player: c.Player}.Send(http.MethodPost, "/v3/auth/tokens", `{"auth":{"identity":`+identity+`}}`)
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("login: %d %s", resp.StatusCode, value.Append(nil, v))
	}
	return c.With("X-Auth-Token", resp.Header.Get("X-Subject-Token"))
}
