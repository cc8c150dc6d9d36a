package report_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"standin/internal/report"
)

// sample has each verdict, and texts that each form must escape.
func sample() *report.Report {
	return &report.Report{
		Title: "a <b> & `c`", Took: 1500 * time.Millisecond, Notes: []string{"line ]]> 1", "``` </pre> 2"}, Value: map[string]int{"n": 1},
		Checks: []report.Check{
			{Name: "fine", Verdict: report.Passed, Found: []string{"3"}},
			{Name: "wrong_<i>", Verdict: report.Failed, About: "why & where", Found: []string{"a | b", "<script>alert(1)</script>"}},
			{Name: "odd", Verdict: report.Warning, Found: []string{"hm"}},
			{Name: "left out", Verdict: report.NotTested, Found: []string{"it did not come"}},
		},
	}
}

func written(t *testing.T, f report.Form, all ...*report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.Write(&b, f, all...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Ensure every form has all that was found, and what needs attention first.
func TestForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[report.Form][]string{
		report.Text:     {"a <b> & `c`: 1 failed, 1 warning, 1 passed, 1 not tested", "FAILED      wrong_<i>", "why & where", "a | b", "warning     odd", "passed      fine", "not tested  left out", "line ]]> 1"},
		report.Markdown: {"| ❌ | wrong\\_&lt;i> | a \\| b<br>&lt;script>alert(1)&lt;/script> |", "| ⚠️ | odd | hm |", "| ✅ | fine | 3 |", "```text\nline ]]> 1\n''' </pre> 2\n```"},
		report.HTML:     {"wrong_&lt;i&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;", `<tr class="warning"><td>warning</td>`, "``` &lt;/pre&gt; 2", "default-src 'none'"},
		report.JUnit:    {`failures="1" skipped="1" time="1.500"`, `<failure message="found: a | b; &lt;script&gt;`, `<skipped message="it did not come"`},
		report.JSON:     {"{\n  \"n\": 1\n}\n"},
	} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			got := written(t, form, sample())
			at := 0
			for _, text := range want {
				i := strings.Index(got[at:], text)
				if i < 0 {
					i = strings.Index(got, text)
				}
				if i < 0 {
					t.Errorf("no %q in\n%s", text, got)
				}
			}
			if failed, fine := strings.Index(got, "wrong"), strings.Index(got, "fine"); form != report.JSON && form != report.JUnit && failed > fine {
				t.Errorf("what passed comes first:\n%s", got)
			}
		})
	}
}

// Ensure the machines' forms are well-formed, also of several reports.
func TestWellFormed(t *testing.T) {
	t.Parallel()
	d := xml.NewDecoder(strings.NewReader(written(t, report.JUnit, sample(), sample())))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var list []map[string]int
	if err := json.Unmarshal([]byte(written(t, report.JSON, sample(), sample())), &list); err != nil || len(list) != 2 {
		t.Errorf("%v: %v", list, err)
	}
}

// Ensure the page loads nothing and runs nothing.
func TestPageIsAlone(t *testing.T) {
	t.Parallel()
	page := written(t, report.HTML, sample())
	for _, text := range []string{"src=", "href=", "http:", "https:", "url(", "@import", "<script"} {
		if strings.Contains(page, text) {
			t.Errorf("the page has %q", text)
		}
	}
}

// Ensure a form is found by its name and by the ending of a file, and that others are refused.
func TestFormNames(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]report.Form{"a.txt": report.Text, "a.json": report.JSON, "b/a.xml": report.JUnit, "A.MD": report.Markdown, "a.html": report.HTML} {
		if got, err := report.FormOf(path); got != want || err != nil {
			t.Errorf("%s: %s %v", path, got, err)
		}
	}
	if _, err := report.FormOf("a.pdf"); err == nil || !strings.Contains(err.Error(), ".html") {
		t.Errorf("a.pdf: %v", err)
	}
	var f report.Form
	if err := f.UnmarshalText([]byte("junti")); err == nil || !strings.Contains(err.Error(), `did you mean "junit"`) {
		t.Errorf("junti: %v", err)
	}
	for _, known := range report.Forms() {
		if err := f.UnmarshalText([]byte(known)); err != nil || f != known || f.MediaType() == "" {
			t.Errorf("%s: %s %v", known, f, err)
		}
	}
}
