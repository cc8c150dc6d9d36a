package explore

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"standin/internal/file"
)

// Accepted is a finding that is known and accepted.
type Accepted struct {
	Fingerprint string `json:"fingerprint" fixture:"required"` // the cause, as in Finding
	Date        Day    `json:"date" fixture:"required"`        // the date on which it was accepted, such as 2026-11-26
	About       string `json:"about,omitempty"`                // what it is, and why it is accepted
}

// A Day is a date, such as 2026-11-26. In a file it may be in quotes or not.
type Day string

// UnmarshalText reads a date.
func (d *Day) UnmarshalText(text []byte) error {
	if _, err := time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf("expected a date such as 2026-11-26, got %q", text)
	}
	*d = Day(text)
	return nil
}

// ReadAccepted reads a file of accepted findings: a mapping with a list as its member accepted.
func ReadAccepted(name string) ([]Accepted, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Accepted []Accepted `json:"accepted" fixture:"required"`
	}
	if err := root.Decode(&doc); err != nil {
		return nil, err
	}
	return doc.Accepted, nil
}

// AcceptFile returns a file that accepts all findings of a report. Those that were accepted before
// keep their date.
func (x *Report) AcceptFile(today time.Time) []byte {
	var b strings.Builder
	b.WriteString("# Findings of standin explore that are accepted. Copy the lines that you accept to a file of your own,\n" +
		"# say why in about, and give the file with --accept.\n")
	if len(x.Findings) == 0 {
		b.WriteString("accepted: []\n")
		return []byte(b.String())
	}
	b.WriteString("accepted:\n")
	for i := range x.Findings {
		f := &x.Findings[i]
		date := f.Accepted
		if date == "" {
			date = today.Format(time.DateOnly)
		}
		line, _ := file.Inline(Accepted{f.Fingerprint, Day(date), cmp.Or(f.about, f.title())}) // strings can always be encoded
		fmt.Fprintf(&b, "  - %s\n", line)
	}
	return []byte(b.String())
}

// title says in one line what a finding is.
func (f *Finding) title() string {
	text := fmt.Sprintf("%s at %s: %s", f.failure(), f.Operation, f.Verdict)
	if len(f.Differences) > 0 {
		text += ", " + f.Differences[0]
	}
	return text
}

// failure is the failure of a finding, in short.
func (f *Finding) failure() string {
	text := short(f.Failure, f.Operation)
	if f.Times == Forever {
		text += " without end"
	}
	return text
}
