package emulator_test

import (
	"testing"

	"go.uber.org/goleak"

	"standin/internal/servicetest"
)

// Ensure nothing that the tests started is running at their end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// These are short names for the steps of stories.
type step = servicetest.Step

var has = servicetest.Has

// recorded and status call an emulator without a server, call uses a client.
var (
	recorded = servicetest.Recorded
	status   = servicetest.Status
	call     = servicetest.Fetch
)
