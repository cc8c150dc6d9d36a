package control_test

import (
	"testing"

	"standin/internal/servicetest"
)

// Ensure every sample of the contract brings the answer that the contract has for it.
func TestSamples(t *testing.T) {
	t.Parallel()
	servicetest.Samples(t, "control")
}
