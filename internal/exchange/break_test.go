package exchange

import (
	"testing"

	"standin/emulator/fault"
)

// Ensure every row of fault.Breaks has a function in breaks, and every function a row.
func TestBreaksHaveFunctions(t *testing.T) {
	t.Parallel()
	all := fault.Breaks()
	for _, b := range all {
		if breaks[b.Kind] == nil {
			t.Errorf("%s has no function", b.Kind)
		}
	}
	if len(all) != len(breaks) {
		t.Errorf("%d rows, %d functions", len(all), len(breaks))
	}
}
