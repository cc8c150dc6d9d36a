package explore

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
)

// pageData is what the script of the page shows of single runs. Texts are indices in Text, because
// most of them occur many times.
type pageData struct {
	Text     []string    `json:"text"`
	Runs     []pageRun   `json:"runs"`
	Findings []pageGroup `json:"findings"`

	index map[string]int
}

// A pageRun is a run.
type pageRun struct {
	Number      int     `json:"n"`
	Title       int     `json:"title"`
	Where       int     `json:"where"`
	About       int     `json:"about"`
	Before      int     `json:"before,omitempty"`
	End         string  `json:"end"`
	Took        float64 `json:"took"`
	Differences []int   `json:"differences,omitempty"`
	Why         []int   `json:"why,omitempty"`
	Output      int     `json:"output,omitempty"`
	Finding     int     `json:"finding,omitempty"` // counting from 1
	Steps       [][]any `json:"steps,omitempty"`
	Cut         string  `json:"cut,omitempty"` // which requests the steps are, if not all
}

// A pageGroup is a finding.
type pageGroup struct {
	About string `json:"about"`
	Again string `json:"again"` // the line that shows it again
	Runs  []int  `json:"runs"`
}

// pageData returns the data of the page. The text 0 is empty.
func (s *Session) pageData(x *Report, command string) *pageData {
	d := &pageData{index: map[string]int{}, Runs: []pageRun{}, Findings: []pageGroup{}}
	d.add("")
	finding := map[string]int{}
	for i := range x.Findings {
		f := &x.Findings[i]
		finding[f.File] = i + 1
		d.Findings = append(d.Findings, pageGroup{About: f.shown().About, Again: printableLines(fmt.Sprintf("standin run %s -- %s", f.File, command)), Runs: f.Runs})
	}
	all := s.inOrder()
	keep := kept(all)
	for _, r := range all {
		p := d.run(r, keep)
		p.Finding = finding[r.Finding]
		d.Runs = append(d.Runs, p)
	}
	return d
}

// add returns the index of a text.
func (d *pageData) add(text string) int {
	i, known := d.index[text]
	if !known {
		i = len(d.Text)
		d.index[text] = i
		d.Text = append(d.Text, text)
	}
	return i
}

// line returns the index of a text on one line.
func (d *pageData) line(text string) int { return d.add(journal.Printable(text)) }

// lines returns the indices of texts.
func (d *pageData) lines(all []string) (list []int) {
	for _, text := range all {
		list = append(list, d.line(text))
	}
	return list
}

// run returns a run with at most a number of its requests.
func (d *pageData) run(r *Result, keep int) pageRun {
	p := pageRun{
		Number: r.Number, Title: d.line(r.title()), Where: d.line(fmt.Sprintf("%s, request %d to it", r.Operation, r.Nth)),
		End: journal.Printable(fmt.Sprintf("%s: %s", r.Verdict, r.End)), Took: tenths(r.Took),
		Differences: d.lines(r.Differences), Why: d.lines(r.Why), Output: d.add(printableLines(r.Output)),
	}
	if len(r.Why) == 0 {
		p.Why = d.lines(r.Rules)
	}
	about := "What happened: " + r.Case.failure.about
	if r.Times == Forever {
		about += "; so it is with each later such request"
	}
	p.About = d.line(about + ".")
	if r.After != nil && r.Case.first != nil {
		p.Before = d.line(fmt.Sprintf("Before it, at request %d to %s: %s.", r.After.Nth, r.After.Operation, r.Case.first.failure.about))
	}
	from, to := window(r.Steps, keep)
	for i := range r.Steps[from:to] {
		p.Steps = append(p.Steps, d.step(&r.Steps[from+i]))
	}
	switch sent := max(r.Requests, len(r.Steps)); {
	case to-from < sent:
		p.Cut = fmt.Sprintf("These are the requests %d to %d of %d.", from+1, to, sent)
	case r.Requests == 0 && sent == maxSteps:
		p.Cut = fmt.Sprintf("These are the first %d requests.", sent)
	}
	return p
}

// endings are what the page says of exchanges without a whole answer.
var endings = map[journal.Ended]string{journal.Open: "no answer", journal.Aborted: "the client left", journal.Cut: "connection cut"}

// step returns a request: when it began, how long it took, its text, its status, how it ended, the
// attempt, whether it failed by the case, and what it changed.
func (d *pageData) step(x *Step) []any {
	fault := 0
	if x.Fault {
		fault = 1
	}
	list := []any{tenths(x.At), tenths(x.Took), d.line(x.Request), x.Status, d.line(endings[x.Ended]), x.Attempt, fault}
	for _, c := range x.Changes {
		list = append(list, d.line(c.What+" "+c.Record))
	}
	return list
}

// tenths returns milliseconds with one digit after the point.
func tenths(m journal.Milliseconds) float64 {
	const digit = 10
	return math.Round(float64(m)/float64(time.Millisecond)*digit) / digit
}

// maxPageSteps is the maximum number of requests on a page, for the time in which it opens. If there
// are more, each run shows fewer.
const maxPageSteps = 200_000

// kept returns how many requests of each run are on the page.
func kept(all []*Result) int {
	keep := maxSteps
	for ; keep > 1; keep /= 2 {
		total := 0
		for _, r := range all {
			total += min(keep, len(r.Steps))
		}
		if total <= maxPageSteps {
			break
		}
	}
	return keep
}

// window returns which requests of a run are on the page: the first ones, or those around the one
// that failed.
func window(all []Step, keep int) (from, to int) {
	const before = 2 // the part of them that is before the failure
	if failed := slices.IndexFunc(all, func(x Step) bool { return x.Fault }); failed >= keep {
		from = min(failed-keep/before, len(all)-keep)
	}
	return from, min(len(all), from+keep)
}

// printableLines escapes what cannot be printed, except for the ends of lines and tabs.
func printableLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, end := strings.CutSuffix(line, "\n")
		for i, part := range strings.Split(strings.TrimSuffix(line, "\r"), "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(journal.Printable(part))
		}
		if end {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
