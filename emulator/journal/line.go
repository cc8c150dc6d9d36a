package journal

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Line is an exchange as one line of text. Its zero members are left out.
type Line struct {
	Time      time.Time // when the exchange began; written as the local time of day
	Sandbox   string
	Sequence  uint64
	Status    int // 0 if no reply was sent
	Method    string
	Path      string // may include the query
	Operation string
	Caller    string
	Took      time.Duration
	Trace     Trace // left out of the text
	Faults    []Fault
	Attempt   int
	RefusedBy string
	Retried   bool
	Ended     Ended
	Near      []string
	Violation string
	Note      string
}

// String returns the entry as one line, in the form that standin requests prints, without a line
// end.
func (e Entry) String() string {
	l := e.Line()
	return string(l.Append(nil))
}

// Line returns the entry as a line, without the name of the sandbox. The path is without the prefix
// of the sandbox.
func (e *Entry) Line() Line {
	path := strings.TrimPrefix(e.Request.Path, "/~"+e.Sandbox)
	if path == "" || path[0] != '/' {
		path = e.Request.Path
	}
	if e.Request.Query != "" {
		path += "?" + e.Request.Query
	}
	l := Line{
		Time: e.Began, Sequence: e.Sequence, Method: e.Request.Method, Path: path, Operation: e.Operation, Caller: e.Caller, Took: e.Took,
		Faults: e.Faults, Attempt: e.Attempt, RefusedBy: e.RefusedBy, Retried: e.Retried, Ended: e.Ended, Near: e.Near, Violation: e.Violation, Note: e.Note,
	}
	if e.Reply != nil {
		l.Status = e.Reply.Status
	}
	return l
}

// Bad reports whether something failed: the status is 5xx, a fault fired, or the reply violates its
// contract.
func (l *Line) Bad() bool {
	return l.Status >= 500 || l.Violation != "" || slices.ContainsFunc(l.Faults, func(f Fault) bool { return f.Fired })
}

// String returns the line without a line end.
func (l *Line) String() string { return string(l.Append(nil)) }

// These are the widths of columns.
const (
	sequenceWidth = 4
	methodWidth   = 6
	sandboxWidth  = 12
)

// Append appends the line to b. It escapes what cannot be printed, since a path may hold line ends
// and control characters of terminals.
func (l *Line) Append(b []byte) []byte {
	if l.Time.IsZero() {
		b = append(b, "--:--:--"...)
	} else {
		b = l.Time.Local().AppendFormat(b, time.TimeOnly)
	}
	if l.Sandbox != "" {
		b = pad(append(append(b, "  "...), l.Sandbox...), sandboxWidth-len(l.Sandbox))
	}
	number := strconv.FormatUint(l.Sequence, 10)
	b = append(pad(append(b, ' '), sequenceWidth-len(number)), number...)
	if l.Status == 0 {
		b = append(b, "  ---  "...)
	} else {
		b = append(strconv.AppendInt(append(b, "  "...), int64(l.Status), 10), "  "...)
	}
	b = append(pad(append(b, l.Method...), methodWidth-len(l.Method)), ' ')
	b = append(appendPrintable(b, l.Path), "  ["...)
	b = append(append(b, cmp.Or(l.Operation, "no operation")...), "]  "...)
	b = appendPrintable(b, cmp.Or(l.Caller, "-"))
	if l.Took > 0 {
		b = append(append(b, "  "...), l.Took.Round(time.Microsecond).String()...)
	}
	return l.appendRest(b)
}

// appendRest appends the members that few lines have.
func (l *Line) appendRest(b []byte) []byte {
	for i := range l.Faults {
		if f := &l.Faults[i]; f.Fired {
			b = append(append(b, "  fault="...), f.Rule...)
			if len(f.Did) > 0 {
				b = append(b, " ("...)
				if f.Phase == "after" {
					b = append(b, "after the handler: "...)
				}
				b = append(appendPrintable(b, strings.Join(f.Did, ", ")), ')')
			}
		}
	}
	if l.Attempt > 1 {
		b = strconv.AppendInt(append(b, "  attempt="...), int64(l.Attempt), 10)
	}
	if l.Retried {
		b = append(b, "  repeated by the client's library"...)
	}
	if l.Ended != Answered && l.Ended != "" {
		b = append(append(b, "  "...), l.Ended...)
	}
	if l.RefusedBy != "" {
		b = appendPrintable(append(b, "  refused by: "...), l.RefusedBy)
	}
	if len(l.Near) > 0 {
		b = appendPrintable(append(b, "  near: "...), strings.Join(l.Near, "; "))
	}
	if l.Note != "" {
		b = appendPrintable(append(b, "  note: "...), l.Note)
	}
	if l.Violation != "" {
		b = appendPrintable(append(b, "  BREAKS ITS CONTRACT: "...), l.Violation)
	}
	return b
}

func pad(b []byte, n int) []byte {
	for range n {
		b = append(b, ' ')
	}
	return b
}

// appendPrintable appends a text. It escapes what cannot be printed as Go does.
func appendPrintable(b []byte, text string) []byte {
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			const digits = "0123456789abcdef"
			b = append(b, '\\', 'x', digits[text[i]>>4], digits[text[i]&0xf])
		case r < utf8.RuneSelf && r >= ' ' && r != 0x7f, r >= utf8.RuneSelf && unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		default:
			q := strconv.AppendQuoteRune(nil, r)
			b = append(b, q[1:len(q)-1]...)
		}
	}
	return b
}

// Printable returns a text. It escapes what cannot be printed as Go does.
func Printable(text string) string { return string(appendPrintable(nil, text)) }

// Dropped returns a line that says how many entries were evicted; empty if there are none.
func (c Counts) Dropped() string {
	if c.Evicted == 0 {
		return ""
	}
	return fmt.Sprintf("… %d earlier requests were evicted from the journal\n", c.Evicted)
}
