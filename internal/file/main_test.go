package file

import (
	"testing"

	"go.uber.org/goleak"
)

// Ensure nothing that the tests started is running at their end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
