package journal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/internal/file"
	"standin/internal/value"
)

// Waits bounds the time from the end of one request to the beginning of the next, in real time.
type Waits struct {
	Min fault.Duration `json:"min,omitempty"` // the shortest time that is expected
	Max fault.Duration `json:"max,omitempty"` // the longest time that is expected; 0 means no limit
}

// Has reports whether a time is within the bounds.
func (w *Waits) Has(d time.Duration) bool {
	return d >= time.Duration(w.Min) && (w.Max == 0 || d <= time.Duration(w.Max))
}

// String describes the bounds.
func (w *Waits) String() string {
	low, high := time.Duration(w.Min), time.Duration(w.Max)
	switch {
	case w.Max == 0:
		return fmt.Sprintf("at least %s", low)
	case w.Min == 0:
		return fmt.Sprintf("at most %s", high)
	default:
		return fmt.Sprintf("%s to %s", low, high)
	}
}

// UnmarshalNode reads the bounds.
func (w *Waits) UnmarshalNode(n file.Node) error {
	type plain Waits
	if !n.IsMapping() {
		return n.Errorf("expected a mapping with min, max or both, such as {min: 1s, max: 10s}")
	}
	*w = Waits{}
	if err := n.Decode((*plain)(w)); err != nil {
		return err
	}
	if _, given := n.Get("max"); given && w.Max == 0 {
		return n.At("max").Errorf("max must be positive; leave it out if there is no limit")
	}
	return nil
}

// JSONSchema returns a JSON Schema of the bounds.
func (*Waits) JSONSchema() *value.Object {
	type plain Waits
	return file.SchemaFor[plain]()
}

// Records says how many records a collection has.
type Records struct {
	// Where selects records by tests of their values, by JSON pointer. Records have the form of the
	// fixture format. Without tests, all records count.
	Where map[string]fault.BodyTest `json:"where,omitempty"`
	// Count is the number of records. The default is at least one.
	Count *Range `json:"count,omitempty"`
}

// Has reports whether the number of records is the expected one.
func (r *Records) Has(n int) bool {
	if r.Count == nil {
		return n > 0
	}
	return r.Count.Has(n)
}

// Describe describes what is expected of the collection.
func (r *Records) Describe(collection string) string {
	count := r.Count
	if count == nil {
		count = &Range{Min: 1}
	}
	text := fmt.Sprintf("%s: %s records at the end", collection, count)
	if len(r.Where) == 0 {
		return text
	}
	var tests []string
	for _, pointer := range slices.Sorted(maps.Keys(r.Where)) {
		tests = append(tests, testString(pointer, r.Where[pointer]))
	}
	return fmt.Sprintf("%s, %s", text, strings.Join(tests, ", "))
}

// UnmarshalNode reads a number, a range, or a mapping with where and count.
func (r *Records) UnmarshalNode(n file.Node) error {
	type plain Records
	_, min := n.Get("min")
	_, max := n.Get("max")
	*r = Records{}
	if n.IsMapping() && !min && !max {
		return n.Decode((*plain)(r))
	}
	r.Count = &Range{}
	if err := n.Decode(r.Count); err != nil {
		return n.Errorf("expected a number of records, {min: N, max: N}, or {where: TESTS, count: N}")
	}
	return nil
}

// JSONSchema returns a JSON Schema of the records.
func (*Records) JSONSchema() *value.Object {
	type plain Records
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{(*Range)(nil).JSONSchema(), file.SchemaFor[plain]()}})
}
