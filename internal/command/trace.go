package command

import (
	"bytes"
	"regexp"
	"slices"

	"standin/internal/late"
)

// A form is how the stack trace of a runtime looks. Only whole lines count, so that a word in a
// message is no trace.
type form struct {
	runtime string
	words   []string              // the first line has one of them; this is found out faster than whether it matches
	first   func() *regexp.Regexp // the first line
	then    func() *regexp.Regexp // a line that comes later; nil: the first line is enough
	within  int                   // how many lines later at most
}

// begins reports whether a line may be the first of the trace.
func (f *form) begins(line []byte) bool {
	return slices.ContainsFunc(f.words, func(word string) bool { return bytes.Contains(line, []byte(word)) }) && f.first().Match(line)
}

// forms are the stack traces that are known. A runtime may have several, since it prints errors
// of different kinds differently.
var forms = []form{
	{
		"Go", []string{"panic: ", "fatal error: ", "unexpected fault address ", "SIG"},
		late.Regexp(`^(?:panic: |fatal error: |unexpected fault address |SIG[A-Z]+: )`),
		late.Regexp(`^goroutine \d+ .*\[.+\]:$`), 200,
	},
	{
		"Python", []string{"Traceback (most recent call last):"},
		late.Regexp(`^[\s+|]*(?:Exception Group )?Traceback \(most recent call last\):$`),
		late.Regexp(`^[\s|]*File ".+", line \d+`), 2,
	},
	{"Python", []string{"Fatal Python error: "}, late.Regexp(`^Fatal Python error: `), nil, 0},
	{"Java", []string{"Exception in thread "}, late.Regexp(`^Exception in thread "[^"]*" [\w.$]+`), nil, 0},
	{
		"Java", errorWords, late.Regexp(`^(?:[\w$]+\.)+[\w$]*(?:Error|Exception)[\w$]*(?:: .*)?$`),
		late.Regexp(`^\tat [\w.$/@<>]+\(.*\)$`), 10,
	},
	{
		"Node", errorWords, late.Regexp(`^(?:\(node:\d+\) \w+: |Uncaught )?[\w$.]*(?:Error|Exception)[\w$]*(?: \[\w+\])?(?:: .*)?$`),
		late.Regexp(`^    at (?:.* \()?(?:\S+:\d+:\d+|<anonymous>)\)?(?: \{)?$`), 10,
	},
	{"Node", []string{"^"}, late.Regexp(`^\s*\^+$`), late.Regexp(`^Node\.js v\d+\.`), 200},
	{"Node", []string{"node:internal/"}, late.Regexp(`^node:internal/[\w/]+:\d+$`), nil, 0},
	{"Node", []string{"node --trace-uncaught "}, late.Regexp("^\\(Use `node --trace-uncaught "), nil, 0},
	{"Ruby", []string{":in "}, late.Regexp("^\\S.*:\\d+:in ['`].+': .*\\([A-Z]\\w*(?:::[A-Z]\\w*)*\\)$"), nil, 0},
	{"Ruby", []string{"[BUG] "}, late.Regexp(`^\S+:\d+: \[BUG\] `), nil, 0},
	{
		"Rust", []string{"panicked at ", "has overflowed its stack"},
		late.Regexp(`^thread '.*' (?:\(\d+\) )?(?:panicked at |has overflowed its stack$)`), nil, 0,
	},
	{".NET", []string{"Unhandled exception. "}, late.Regexp(`^Unhandled exception\. [\w.+]+`), nil, 0},
	{
		"native code", []string{"Segmentation fault"},
		late.Regexp(`^(?:Segmentation fault(?: \(core dumped\))?$|.*: +\d+ Segmentation fault +)`), nil, 0,
	},
}

// errorWords are in the names of errors.
var errorWords = []string{"Error", "Exception"}

// longestLine is how much of a line is looked at.
const longestLine = 4 << 10

// A tracer looks for the first stack trace in what is written to it. It holds one line.
type tracer struct {
	line  []byte
	ahead []int // in how many lines each form may still go on
	found string
}

// Write looks at the lines that end in b. It never fails.
func (t *tracer) Write(b []byte) (int, error) {
	n := len(b)
	for t.found == "" && len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		t.line = append(t.line, line[:min(len(line), longestLine-len(t.line))]...)
		if b = rest; ended {
			t.look()
		}
	}
	return n, nil
}

// look takes the line, which is complete, into account.
func (t *tracer) look() {
	line := bytes.TrimSuffix(t.line, []byte("\r"))
	t.line = t.line[:0]
	if t.ahead == nil {
		t.ahead = make([]int, len(forms))
	}
	for i := range forms {
		f := &forms[i]
		goesOn := t.ahead[i] > 0 && f.then().Match(line)
		t.ahead[i] = max(0, t.ahead[i]-1)
		switch first := f.begins(line); {
		case goesOn, first && f.then == nil:
			t.found = f.runtime
			return
		case first:
			t.ahead[i] = f.within
		}
	}
}

// runtime returns the name of the runtime, or nothing. Nothing is written afterwards.
func (t *tracer) runtime() string {
	if t.found == "" && len(t.line) > 0 {
		t.look()
	}
	return t.found
}
