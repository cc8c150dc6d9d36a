package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"time"

	"standin/emulator/journal"
)

// A suite is a verdict as JUnit XML has it: a test case for each judgement.
type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Time     string     `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Failure *failure `xml:"failure"`
}

type failure struct {
	Message string `xml:"message,attr"`
}

func writeJUnit(path, scenario string, judgements []journal.Judgement, took time.Duration) error {
	s := suite{Name: scenario, Tests: len(judgements), Time: fmt.Sprintf("%.3f", took.Seconds())}
	for _, j := range judgements {
		c := testCase{Name: j.Expectation, Class: "standin." + scenario}
		if !j.Met {
			s.Failures++
			c.Failure = &failure{Message: "found: " + j.Found}
		}
		s.Cases = append(s.Cases, c)
	}
	b, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(b, '\n')...), 0o600)
}
