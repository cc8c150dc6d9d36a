package report

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

// writeHTML writes one page that loads nothing.
func writeHTML(w io.Writer, reports []*Report) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"label":   func(v Verdict) string { return labels[v] },
		"sorted":  func(r *Report) []Check { return r.sorted() },
		"summary": func(r *Report) string { return r.summary() },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return page.Execute(w, reports)
}
