package control_test

import (
	"testing"

	"standin/internal/servicetest"
)

// Ensure every sample of the contract gets the answer in the contract.
func TestSamples(t *testing.T) {
	t.Parallel()
	servicetest.Samples(t, "control")
}
