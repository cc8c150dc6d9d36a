package journal

import "testing"

// Ensure that ParseTrace accepts what W3C Trace Context accepts, and nothing else.
func TestParseTrace(t *testing.T) {
	t.Parallel()
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for header, want := range map[string]bool{
		"00-" + trace + "-" + span + "-01":                    true,
		"00-" + trace + "-" + span + "-00":                    true,
		"01-" + trace + "-" + span + "-01-more":               true,
		"00-" + trace + "-" + span + "-01-more":               false,
		"01-" + trace + "-" + span + "-01more":                false,
		"ff-" + trace + "-" + span + "-01":                    false,
		"00-" + trace + "-" + span:                            false,
		"00-" + trace + "-0000000000000000-01":                false,
		"00-" + trace + "-B7AD6B7169203331-01":                false,
		"00-" + trace + "_" + span + "-01":                    false,
		"0g-" + trace + "-" + span + "-01":                    false,
		"00-" + trace + "-" + span + "-0x":                    false,
		"":                                                    false,
		"00-00000000000000000000000000000000-" + span + "-01": false,
	} {
		got := ParseTrace(header)
		switch {
		case want && got != (Trace{trace, span}):
			t.Errorf("%q: got %v; expected the trace and the span", header, got)
		case !want && got != (Trace{}):
			t.Errorf("%q: got %v; expected none", header, got)
		}
	}
}
