package freezer_test

import (
	"testing"

	"standin/internal/servicetest"
)

// Ensure every sample of the contract gets the response that the contract has for it.
func TestSamples(t *testing.T) {
	t.Parallel()
	servicetest.Samples(t, "freezer")
}

// Ensure every sample of a quirk gets its response while the quirk is on, and another one while
// it is off.
func TestQuirks(t *testing.T) {
	t.Parallel()
	servicetest.Quirks(t, "freezer")
}
