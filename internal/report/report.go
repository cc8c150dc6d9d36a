// Package report writes reports in their forms: text for people, JSON for programs, JUnit XML for
// CI systems, Markdown for the summary of a CI job, and one HTML file. What is in a report is
// computed elsewhere.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"standin/internal/file"
)

// A Report is a list of checks with their verdicts.
type Report struct {
	Title  string // in JUnit XML, the name of the suite
	Checks []Check
	Notes  []string      // lines after the checks, such as the requests of a failing run
	Took   time.Duration // how long the run took; 0 if that is unknown
	Value  any           // what the JSON form writes
}

// A Check is one thing that was judged.
type Check struct {
	Name    string
	Verdict Verdict
	About   string   // what the check rests on; may be empty
	Found   []string // what was found, one line each
}

// A Verdict is the result of a check.
type Verdict string

// The verdicts.
const (
	Passed    Verdict = "passed"
	Failed    Verdict = "failed"
	Warning   Verdict = "warning"
	NotTested Verdict = "not-tested"
)

// order is the order of verdicts in reports: what needs attention comes first.
var order = []Verdict{Failed, Warning, Passed, NotTested}

// count returns the number of checks with a verdict.
func (r *Report) count(v Verdict) (n int) {
	for i := range r.Checks {
		if r.Checks[i].Verdict == v {
			n++
		}
	}
	return n
}

// summary counts the checks by their verdicts.
func (r *Report) summary() string {
	var words []string
	for _, v := range order {
		if n := r.count(v); n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(v), "-", " ")))
		}
	}
	if len(words) == 0 {
		return "no checks"
	}
	return strings.Join(words, ", ")
}

// sorted returns the checks in the order of their verdicts.
func (r *Report) sorted() []Check {
	all := slices.Clone(r.Checks)
	slices.SortStableFunc(all, func(a, b Check) int { return slices.Index(order, a.Verdict) - slices.Index(order, b.Verdict) })
	return all
}

// A Form is how a report is written.
type Form string

// The forms.
const (
	Text     Form = "text"
	JSON     Form = "json"
	JUnit    Form = "junit"
	Markdown Form = "markdown"
	HTML     Form = "html"
)

// Forms lists the forms.
func Forms() []Form { return []Form{Text, JSON, JUnit, Markdown, HTML} }

// UnmarshalText reads the name of a form.
func (f *Form) UnmarshalText(text []byte) error {
	known, err := file.Word("form", string(text), Forms())
	if err == nil {
		*f = known
	}
	return err
}

// endings are the forms of files by their names.
var endings = map[string]Form{".txt": Text, ".json": JSON, ".xml": JUnit, ".md": Markdown, ".html": HTML}

// FormOf returns the form of a file by the ending of its name.
func FormOf(path string) (Form, error) {
	f, ok := endings[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return "", fmt.Errorf("%s: expected a name that ends in .txt, .json, .xml (JUnit), .md or .html", path)
	}
	return f, nil
}

// MediaType is the media type of a form.
func (f Form) MediaType() string {
	switch f {
	case JSON:
		return "application/json"
	case JUnit:
		return "application/xml"
	case Markdown:
		return "text/markdown; charset=utf-8"
	case HTML:
		return "text/html; charset=utf-8"
	default:
		return "text/plain; charset=utf-8"
	}
}

// Write writes reports in a form. JSON is the value of a single report, and a list of the values
// of several.
func Write(w io.Writer, f Form, reports ...*Report) error {
	switch f {
	case JSON:
		return writeJSON(w, reports)
	case JUnit:
		return writeJUnit(w, reports)
	case Markdown:
		return writeMarkdown(w, reports)
	case HTML:
		return writeHTML(w, reports)
	default:
		return writeText(w, reports)
	}
}

// Bytes returns what Write writes.
func Bytes(f Form, reports ...*Report) ([]byte, error) {
	var b bytes.Buffer
	err := Write(&b, f, reports...)
	return b.Bytes(), err
}

func writeJSON(w io.Writer, reports []*Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if len(reports) == 1 {
		return enc.Encode(reports[0].Value)
	}
	all := make([]any, len(reports))
	for i, r := range reports {
		all[i] = r.Value
	}
	return enc.Encode(all)
}

// labels are the verdicts in text.
var labels = map[Verdict]string{Failed: "FAILED", Warning: "warning", Passed: "passed", NotTested: "not tested"}

func writeText(w io.Writer, reports []*Report) error {
	var b strings.Builder
	for i, r := range reports {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s\n", r.Title, r.summary())
		for _, c := range r.sorted() {
			fmt.Fprintf(&b, "  %-10s  %s\n", labels[c.Verdict], c.Name)
			if c.About != "" && (c.Verdict == Failed || c.Verdict == Warning) {
				fmt.Fprintf(&b, "              %s\n", c.About)
			}
			for _, line := range c.Found {
				fmt.Fprintf(&b, "              %s\n", line)
			}
		}
		for _, line := range r.Notes {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
