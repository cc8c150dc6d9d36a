package emulator_test

import (
	"testing"

	"go.uber.org/goleak"

	"standin/internal/servicetest"
)

// Ensure that nothing the tests started is still running when they are done.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The words that stories are told in.
type step = servicetest.Step

var has = servicetest.Has

// recorded and status ask an emulator without a server, call asks one through a client.
var (
	recorded = servicetest.Recorded
	status   = servicetest.Status
	call     = servicetest.Fetch
)
