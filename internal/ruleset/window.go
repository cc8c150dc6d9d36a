package ruleset

import (
	"slices"
	"time"

	"standin/emulator/fault"
	"standin/internal/file"
)

// closed returns why the window is not open at a time; empty if it is open. The window counts from
// armed, when the rule was armed, or from first, when its first request came.
func closed(w *fault.Window, now, armed, first time.Time) string {
	const early, late = "the window is not open yet", "the window is over"
	if !w.Relative() {
		switch {
		case !w.From.IsZero() && now.Before(w.From):
			return early
		case !w.To.IsZero() && !now.Before(w.To):
			return late
		}
		return ""
	}
	since := armed
	if w.Since == fault.FirstRequest || armed.IsZero() {
		since = first
	}
	switch gone := fault.Duration(max(0, now.Sub(since))); {
	case gone < w.Start:
		return early
	case w.End > 0 && gone >= w.End:
		return late
	}
	return ""
}

// Ends reports whether the window has an end.
func Ends(w *fault.Window) bool { return w.End > 0 || !w.To.IsZero() }

var origins = []string{string(fault.Arming), string(fault.FirstRequest)}

// checkWindow returns an error for the first mistake in a window.
func checkWindow(w *fault.Window, at file.Node) error {
	absolute := !w.From.IsZero() || !w.To.IsZero()
	switch {
	case w.Relative() && absolute:
		return at.Errorf("from and to must both be times or both be durations")
	case w.Since != "" && !slices.Contains(origins, string(w.Since)):
		return at.At("since").Errorf("since %q%s; expected armed or first", w.Since, file.Hint(string(w.Since), origins))
	case w.Start < 0 || w.End < 0:
		return at.Errorf("from and to must not be negative")
	case !w.To.IsZero() && !w.From.Before(w.To), w.End != 0 && w.Start >= w.End:
		return at.Errorf("the window ends before it begins: to must be later than from")
	}
	return nil
}
