package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// suites is a document of JUnit XML.
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr,omitempty"`
	Time     string   `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

// A suite is a report, with a test case for each check.
type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr,omitempty"`
	Time     string     `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
	Out      string     `xml:"system-out,omitempty"`
}

type testCase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Failure *failure `xml:"failure"`
	Skipped *skipped `xml:"skipped"`
	Out     string   `xml:"system-out,omitempty"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

// writeJUnit writes JUnit XML. A warning is a test that passed, with the warning as its output.
func writeJUnit(w io.Writer, reports []*Report) error {
	all, total := suites{}, 0.0
	for _, r := range reports {
		s := suite{Name: r.Title, Tests: len(r.Checks), Time: fmt.Sprintf("%.3f", r.Took.Seconds()), Out: strings.Join(r.Notes, "\n")}
		for i := range r.Checks {
			s.Cases = append(s.Cases, r.testCase(&r.Checks[i]))
		}
		s.Failures, s.Skipped = r.count(Failed), r.count(NotTested)
		all.Suites = append(all.Suites, s)
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
		total += r.Took.Seconds()
	}
	all.Time = fmt.Sprintf("%.3f", total)
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	return err
}

func (r *Report) testCase(c *Check) testCase {
	t := testCase{Name: c.Name, Class: "standin." + r.Title}
	found := strings.Join(c.Found, "\n")
	switch c.Verdict {
	case Failed:
		text := fmt.Sprintf("in:        %s\nexpected:  %s\n", r.Title, c.Name)
		if c.About != "" {
			text += c.About + "\n"
		}
		t.Failure = &failure{Message: "found: " + strings.Join(c.Found, "; "), Type: "expectation", Text: text + "found:     " + found + "\n"}
	case NotTested:
		t.Skipped = &skipped{found}
	case Warning:
		t.Out = found
	}
	return t
}
