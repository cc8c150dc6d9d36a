package exchange_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Ensure that nothing the tests started is still running when they are done.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
