package freezer_test

import (
	"testing"

	"go.uber.org/goleak"

	"standin/internal/servicetest"
)

// Ensure the tests leave no goroutine running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// step is one request of a story.
type step = servicetest.Step

var has = servicetest.Has
