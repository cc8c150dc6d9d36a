package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"standin/emulator/journal"
)

// tell prints the verdict. If it is FAILED, tell also prints the requests.
func tell(w io.Writer, o *outcome) {
	fmt.Fprintf(w, "scenario %s: %s\n", o.name, map[bool]string{true: "passed", false: "FAILED"}[o.passed()])
	for _, j := range o.judgements {
		fmt.Fprintf(w, "  %s  %s (%s)\n", map[bool]string{true: "met    ", false: "NOT MET"}[j.Met], j.Expectation, journal.Printable(j.Found))
	}
	if o.passed() {
		return
	}
	for line := range strings.Lines(listing(o.requests)) {
		fmt.Fprint(w, "  ", line)
	}
}

// maxListed is the maximum number of requests in a verdict.
const maxListed = 200

// listing returns exchanges as standin requests prints them. If there are more than maxListed, it
// returns the last ones.
func listing(entries []journal.Entry) string {
	if len(entries) == 0 {
		return "no requests\n"
	}
	var b strings.Builder
	if left := len(entries) - maxListed; left > 0 {
		fmt.Fprintf(&b, "… %d earlier requests; --requests FILE writes all\n", left)
		entries = entries[left:]
	}
	printEntries(&b, entries)
	return b.String()
}

// suites are verdicts in JUnit XML.
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

// A suite is the verdict of a scenario, with a test case for each judgement.
type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Time     string     `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
	Out      string     `xml:"system-out,omitempty"`
}

type testCase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Failure *failure `xml:"failure"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// junitOf returns the content of --junit. A suite that failed lists the requests.
func junitOf(outcomes []outcome) ([]byte, error) {
	all := suites{}
	total := 0.0
	for i := range outcomes {
		o := &outcomes[i]
		s := suite{Name: o.name, Tests: len(o.judgements), Time: fmt.Sprintf("%.3f", o.took.Seconds())}
		for _, j := range o.judgements {
			c := testCase{Name: j.Expectation, Class: "standin." + o.name}
			if !j.Met {
				s.Failures++
				c.Failure = &failure{
					Message: "found: " + j.Found, Type: "expectation",
					Text: fmt.Sprintf("scenario:  %s\nexpected:  %s\nfound:     %s\n", o.name, j.Expectation, j.Found),
				}
			}
			s.Cases = append(s.Cases, c)
		}
		if s.Failures > 0 {
			s.Out = listing(o.requests)
		}
		all.Suites = append(all.Suites, s)
		all.Tests, all.Failures, total = all.Tests+s.Tests, all.Failures+s.Failures, total+o.took.Seconds()
	}
	all.Time = fmt.Sprintf("%.3f", total)
	b, err := xml.MarshalIndent(all, "", "  ")
	return append([]byte(xml.Header), append(b, '\n')...), err
}
