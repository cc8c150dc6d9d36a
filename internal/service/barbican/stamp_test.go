package barbican

import (
	"testing"
	"time"
)

// Ensure a stamp is written as the time that it was made of, to the microsecond.
func TestStamps(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2025-09-29T11:30:24.776950":  "2025-09-29T11:30:24.776950",
		"2025-09-29T11:30:24Z":        "2025-09-29T11:30:24",
		"2025-09-29T11:30:24.000001":  "2025-09-29T11:30:24.000001",
		"2025-09-29T11:30:24.7769509": "2025-09-29T11:30:24.776950",
		"1969-12-31T23:59:59.999999":  "1969-12-31T23:59:59.999999",
		"1969-12-31T23:59:59":         "1969-12-31T23:59:59",
		"0001-01-01T00:00:00.000001":  "0001-01-01T00:00:00.000001",
		"0000-12-31T23:59:59.5":       "0000-12-31T23:59:59.500000",
		"9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999",
	} {
		var s stamp
		if err := s.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.MarshalText(); string(got) != want || s.IsZero() {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if !newStamp(time.Time{}).IsZero() || !new(stamp).time().IsZero() {
		t.Error("the zero time is not the zero stamp")
	}
	local := time.Date(2026, 1, 1, 1, 0, 0, 1999, time.FixedZone("", 3600))
	if got, want := newStamp(local).time(), time.Date(2026, 1, 1, 0, 0, 0, 1000, time.UTC); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("%v, want %v", got, want)
	}
}
