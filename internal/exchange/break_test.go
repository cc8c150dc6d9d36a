package exchange

import (
	"testing"

	"standin/emulator/fault"
)

// Ensure every kind of break is a row of fault.Breaks and a function here.
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
