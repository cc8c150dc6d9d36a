package explore

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"

	"standin/emulator/journal"
)

//go:embed page.html
var pageText string

// A page is what page.html shows.
type page struct {
	assets

	Title    string
	Command  string
	Notes    []string
	Counts   []pageCell // in Runs, how many runs came to the verdict
	Findings []pageFinding
	Columns  []pageColumn
	Rows     []pageRow
	Others   []pageCell // the runs that no row has
	Words    []pageCell // what the words in the cells mean
	Data     *pageData
}

// assets are the digests of the style sheet and of the script, as a Content-Security-Policy has
// them.
type assets struct{ Style, Script string }

// A pageFinding is a finding in the list at the top.
type pageFinding struct {
	pageCell

	Seen  string // the first difference; without one, what else the finding shows
	About string
}

// A pageCell is a cell of the matrix: a run, or why there is none. The zero value is an empty cell.
type pageCell struct {
	Run      int // 0 if there is none
	Runs     int
	Verdict  journal.Outcome
	Word     string
	Title    string
	Accepted bool
}

// words are the verdicts as cells show them. Those that are findings are in capitals.
var words = map[journal.Outcome]string{
	journal.Tolerated: "tolerated", journal.CleanFailure: "clean", journal.SilentFailure: "SILENT", journal.Inconsistent: "INCONS.",
	journal.Hang: "HANG", journal.RetryStorm: "STORM", journal.Crash: "CRASH",
}

// meanings say what the words in the cells mean, in their order.
var meanings = []pageCell{
	{Verdict: journal.Tolerated, Title: "The command succeeded, and left the records that it leaves without the failure."},
	{Verdict: journal.CleanFailure, Title: "The command failed, and each record is as it was at some time of the run without failures."},
	{Verdict: journal.SilentFailure, Title: reasons[journal.SilentFailure]},
	{Verdict: journal.Inconsistent, Title: reasons[journal.Inconsistent]},
	{Verdict: journal.Hang, Title: reasons[journal.Hang]},
	{Verdict: journal.RetryStorm, Title: reasons[journal.RetryStorm]},
	{Verdict: journal.Crash, Title: reasons[journal.Crash]},
	{Word: sameSite, Title: "Left out: the request comes after the same operations as an earlier one."},
	{Word: sameReaction, Title: "Left out: at another request to the operation, the client reacts to the failure as to one that was tried."},
	{Word: noImpact, Title: "Left out: the client did not send such a request again, so that the failure without end is the same as one."},
	{Word: unreachable, Title: "Left out: the request did not come."},
	{Word: budget, Title: "Left out: the runs or the time were used up."},
	{Word: notRun, Title: "Left out: the exploration was interrupted before."},
}

// notRun is why a case of an exploration that was interrupted has no run.
const notRun = "not run"

// pageTemplate parses page.html once, and computes the digests of what it has inline.
var pageTemplate = sync.OnceValues(func() (*template.Template, assets) {
	t := template.Must(template.New("page").Parse(pageText))
	var b bytes.Buffer
	if err := t.Execute(&b, &page{}); err != nil {
		panic(err) // the page is a constant
	}
	digest := func(from, to string) string {
		_, rest, _ := strings.Cut(b.String(), from)
		text, _, _ := strings.Cut(rest, to)
		sum := sha256.Sum256([]byte(text))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return t, assets{Style: digest("<style>", "</style>"), Script: digest("<script>", "</script>")}
})

// Page returns the report as one HTML page, which loads nothing.
func (s *Session) Page(x *Report) ([]byte, error) {
	t, digests := pageTemplate()
	command := shellLine(x.Command)
	p := &page{assets: digests, Command: brief(command), Title: "Exploration of " + brief(command), Words: slices.Clone(meanings)}
	for _, note := range x.notes() {
		p.Notes = append(p.Notes, brief(note))
	}
	for i := range p.Words {
		w := &p.Words[i]
		w.Word = cmp.Or(words[w.Verdict], w.Word)
		if n := x.Verdicts[w.Verdict]; n > 0 {
			p.Counts = append(p.Counts, pageCell{Verdict: w.Verdict, Word: w.Word, Runs: n})
		}
	}
	for i := range x.Findings {
		p.Findings = append(p.Findings, x.Findings[i].shown())
	}
	s.matrix(x, p)
	p.Data = s.pageData(x, command)
	var b bytes.Buffer
	err := t.Execute(&b, p)
	return b.Bytes(), err
}

// shown returns a finding for the list.
func (f *Finding) shown() pageFinding {
	r := f.first
	seen := slices.Concat(r.Differences, r.Why, []string{r.End})[0]
	about := []string{f.File, "fingerprint " + f.Fingerprint, plural(len(f.Runs), "run")}
	if f.Accepted != "" {
		about = append(about, "accepted on "+f.Accepted)
	}
	c := r.cell(f)
	c.Title = brief(r.title())
	return pageFinding{pageCell: c, Seen: brief(seen), About: brief(strings.Join(about, " · "))}
}

// cell returns the cell of a run. The finding is nil if the run has none.
func (r *Result) cell(f *Finding) pageCell {
	c := pageCell{Run: r.Number, Verdict: r.Verdict, Word: words[r.Verdict]}
	title := fmt.Sprintf("%s: run %d, %s, %s", r.Verdict, r.Number, r.title(), r.End)
	if len(r.Differences) > 0 {
		title += ", " + r.Differences[0]
	}
	if c.Accepted = f != nil && f.Accepted != ""; c.Accepted {
		title += ", accepted on " + f.Accepted
	}
	c.Title = brief(title)
	return c
}

// title says in one line what failed in a run.
func (r *Result) title() string {
	f := Finding{Operation: r.Operation, Failure: r.Failure, Times: r.Times}
	text := f.failure() + " at " + r.Request
	if a := r.After; a != nil {
		text = fmt.Sprintf("%s at %s %d, then %s", short(a.Failure, a.Operation), a.Operation, a.Nth, text)
	}
	return text
}

// maxBrief is the maximum length of a text in a cell or in a list, in characters.
const maxBrief = 300

// brief returns a text on one line, without its end if it is long.
func brief(text string) string {
	if all := []rune(text); len(all) > maxBrief {
		text = string(all[:maxBrief]) + "…"
	}
	return journal.Printable(text)
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// shellLine returns a command as a shell reads it.
func shellLine(args []string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:=@%,"
	all := make([]string, len(args))
	for i, arg := range args {
		if all[i] = arg; arg == "" || strings.Trim(arg, plain) != "" {
			all[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(all, " ")
}
