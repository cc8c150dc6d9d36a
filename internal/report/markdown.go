package report

import (
	"fmt"
	"io"
	"strings"
)

// marks are the verdicts in Markdown.
var marks = map[Verdict]string{Failed: "❌", Warning: "⚠️", Passed: "✅", NotTested: "–"}

// literal keeps characters that Markdown takes for its own.
var literal = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "<", "&lt;", "|", `\|`, "[", `\[`, "\n", " ")

// writeMarkdown writes a table for each report, as GitHub shows it in the summary of a job.
func writeMarkdown(w io.Writer, reports []*Report) error {
	var b strings.Builder
	for _, r := range reports {
		fmt.Fprintf(&b, "## %s: %s\n\n| | check | found |\n|---|---|---|\n", literal.Replace(r.Title), r.summary())
		for _, c := range r.sorted() {
			var found []string
			for _, line := range c.Found {
				found = append(found, literal.Replace(line))
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", marks[c.Verdict], literal.Replace(c.Name), strings.Join(found, "<br>"))
		}
		b.WriteByte('\n')
		if len(r.Notes) > 0 {
			fmt.Fprintf(&b, "```text\n%s\n```\n\n", strings.ReplaceAll(strings.Join(r.Notes, "\n"), "```", "'''"))
		}
	}
	_, err := io.WriteString(w, strings.TrimSuffix(b.String(), "\n"))
	return err
}
