package devops_test

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
