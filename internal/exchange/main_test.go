package exchange_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Ensure the tests leave no goroutine running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
