package fault

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/value"
)

// A Window is a span of time on the sandbox's clock. It has either two times (From, To) or two
// durations after a moment (Start, End, Since). The beginning belongs to the window, the end does
// not. Files write both forms as from and to: {from: 2026-01-01T12:00:00Z, to:
// 2026-01-01T12:05:00Z} or {from: 0s, to: 30s, since: first}.
type Window struct {
	// From and To are times. If one is zero, the window has no bound on that side.
	From, To time.Time
	// Start and End are durations after Since. If End is 0, the window does not end. If the clock
	// is set to before Since, the elapsed time counts as 0.
	Start, End Duration
	// Since is the moment from which Start and End count: Arming (default) or FirstRequest.
	Since Origin
}

// An Origin is a moment from which durations count.
type Origin string

// These are the origins.
const (
	Arming       Origin = "armed" // when the rule was armed
	FirstRequest Origin = "first" // when the first request came that matches the rule's where
)

var origins = []string{string(Arming), string(FirstRequest)}

// Relative reports whether the window has durations, not times.
func (w *Window) Relative() bool { return w.Since != "" || w.Start != 0 || w.End != 0 }

// A bound is one side of a window in a file.
type bound struct {
	at    time.Time
	after *Duration
}

// UnmarshalNode reads a time or a duration.
func (b *bound) UnmarshalNode(n file.Node) error {
	var d Duration
	if err := n.Decode(&d); err == nil {
		b.after = &d
		return nil
	}
	err := n.Decode(&b.at)
	if e, ok := errors.AsType[*file.Error](err); ok {
		e.Message = strings.Replace(e.Message, "expected a time", "expected a duration such as 30s or a time", 1)
	}
	return err
}

// plainWindow is a window in a file.
type plainWindow struct {
	From  *bound `json:"from"`
	To    *bound `json:"to"`
	Since Origin `json:"since"`
}

// into stores the bound in at if it is a time, or in after if it is a duration.
func (b *bound) into(at *time.Time, after *Duration) {
	switch {
	case b == nil:
	case b.after == nil:
		*at = b.at
	default:
		*after = *b.after
	}
}

func (b *bound) isTime() bool     { return b != nil && b.after == nil }
func (b *bound) isDuration() bool { return b != nil && b.after != nil }

// UnmarshalNode reads a window.
func (w *Window) UnmarshalNode(n file.Node) error {
	var plain plainWindow
	if err := n.Decode(&plain); err != nil {
		return err
	}
	*w = Window{Since: plain.Since}
	from, to := plain.From, plain.To
	from.into(&w.From, &w.Start)
	to.into(&w.To, &w.End)
	if to != nil && w.To.IsZero() && w.End == 0 { // not later than the beginning of time
		return n.At("to").Errorf("the window ends before it begins: to must be later than from")
	}
	times, durations := from.isTime() || to.isTime(), from.isDuration() || to.isDuration()
	switch {
	case times && durations:
		return n.Errorf("from and to must both be times or both be durations")
	case w.Since != "" && !durations:
		return n.At("since").Errorf("since applies to durations only: {from: 0s, to: 30s, since: %s}", w.Since)
	case durations && w.Since == "":
		w.Since = Arming
	}
	return nil
}

// MarshalJSON writes the window in the form that UnmarshalNode reads.
func (w *Window) MarshalJSON() ([]byte, error) {
	var plain struct {
		From  any    `json:"from,omitempty"`
		To    any    `json:"to,omitempty"`
		Since Origin `json:"since,omitempty"`
	}
	if w.Relative() {
		plain.From = w.Start
		if w.End > 0 {
			plain.To = w.End
		}
		if w.Since != Arming {
			plain.Since = w.Since
		}
		return json.Marshal(plain)
	}
	if !w.From.IsZero() {
		plain.From = w.From
	}
	if !w.To.IsZero() {
		plain.To = w.To
	}
	return json.Marshal(plain)
}

// JSONSchema returns a JSON Schema of a window.
func (*Window) JSONSchema() *value.Object {
	side := value.NewObject(value.Member{Name: "anyOf", Value: []any{
		file.SchemaFor[time.Time](), (*Duration)(nil).JSONSchema(), value.NewObject(value.Member{Name: "type", Value: "null"}),
	}})
	return value.NewObject(
		value.Member{Name: "type", Value: "object"},
		value.Member{Name: "properties", Value: value.NewObject(
			value.Member{Name: "from", Value: side},
			value.Member{Name: "to", Value: side},
			value.Member{Name: "since", Value: value.NewObject(value.Member{Name: "enum", Value: value.List(origins)})},
		)},
		value.Member{Name: "additionalProperties", Value: false},
	)
}
