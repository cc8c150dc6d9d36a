package emulator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/core"
	"standin/internal/sandbox"
	"standin/internal/scenario"
)

// A box has the methods that Emulator, Server and Sandbox share. Those of an Emulator and of a
// Server apply to their default sandbox.
type box struct {
	core *core.Emulator
	in   *sandbox.Sandbox
	tb   TB // the test that it belongs to; nil if there is none
}

// Name returns the name of the sandbox. It is "default" for an emulator and a server.
func (b *box) Name() string { return b.in.Name() }

// Fault arms rules after those that are already armed. If it returns an error, it arms none of
// them. In a test, an error also fails the test.
func (b *box) Fault(rules ...fault.Rule) error {
	_, err := b.in.Arm(rules...)
	return b.report(err)
}

// FailNext makes the next request to an operation fail with a failure that its contract documents:
// FailNext("freezer.clients.create", 753). In a test, an error also fails the test.
func (b *box) FailNext(operation string, status int) error {
	if b.tb != nil {
		b.tb.Helper()
	}
	return b.Fault(fault.Failure(operation, status))
}

// RemoveFault removes a rule, and releases the requests that wait because of it. It reports whether
// there was such a rule.
func (b *box) RemoveFault(name string) bool { return b.in.Disarm(name) }

// Faults returns the armed rules with their counts.
func (b *box) Faults() []fault.State { return b.in.Rules().States() }

// Requests returns the exchanges that match the filter, oldest first. Without a filter it returns
// all exchanges in the journal. A filter that can match nothing, such as one with a misspelled
// operation, ends the test. Outside of a test, it panics.
func (b *box) Requests(filter ...journal.Filter) []journal.Entry {
	var f journal.Filter
	if len(filter) > 0 {
		f = filter[0]
	}
	if b.tb != nil {
		b.tb.Helper()
	}
	b.must(b.known(&f))
	return b.in.Journal().Find(f).Entries
}

// Await waits until at least atLeast exchanges match, the context ends, or 5 minutes have passed.
// It returns the exchanges that match then. It checks the filter as Requests does.
func (b *box) Await(ctx context.Context, f journal.Filter, atLeast int) []journal.Entry {
	if b.tb != nil {
		b.tb.Helper()
	}
	b.must(b.known(&f))
	return b.in.Journal().Wait(ctx, f, atLeast, longestWait).Entries
}

// longestWait is the maximum time that Await waits.
const longestWait = 5 * time.Minute

// known returns an error for a filter that can match no exchange.
func (b *box) known(f *journal.Filter) error {
	return errors.Join(f.Check(), b.core.Catalog.Rules.Known(f.Operation))
}

// must ends the test if there is an error. Outside of a test, it panics.
func (b *box) must(err error) {
	switch {
	case err == nil:
	case b.tb == nil:
		panic("standin: " + err.Error())
	default:
		b.tb.Helper()
		b.tb.Fatalf("standin: %v", err)
	}
}

// report fails the test with an error, and returns it.
func (b *box) report(err error) error {
	if err != nil && b.tb != nil {
		b.tb.Helper()
		b.tb.Errorf("standin: %v", err)
	}
	return err
}

// Journal returns the journal in canonical form, which two runs can compare.
func (b *box) Journal() []byte { return b.in.Canonical() }

// A Verdict is the result of a verification.
type Verdict struct {
	Passed     bool                `json:"passed"`
	Judgements []journal.Judgement `json:"judgements"`
}

// String returns one line per judgement. Those that are not met come first.
func (v Verdict) String() string {
	var text strings.Builder
	for _, met := range []bool{false, true} {
		for _, j := range v.Judgements {
			if j.Met == met {
				word := map[bool]string{false: "NOT MET  ", true: "met      "}[met]
				text.WriteString("\n" + word + j.Expectation + " (" + j.Found + ")")
			}
		}
	}
	return strings.TrimPrefix(text.String(), "\n")
}

// Verify judges expectations by the journal. Without arguments, it judges those of the scenario.
//
// The verdict also fails in three other cases. A rule that ends has not fired, and is not optional.
// Entries were evicted from the journal. Or an expectation is invalid: its operation or rule does
// not exist, or its range is empty.
func (b *box) Verify(expect ...journal.Expectation) Verdict {
	if len(expect) == 0 {
		all := b.in.Verify(nil)
		return Verdict{sandbox.Passed(all), all}
	}
	good, bad := []journal.Expectation{}, []journal.Judgement{}
	for i := range expect {
		if err := scenario.CheckExpectation(b.core.Catalog.Rules, &expect[i], b.in.RuleNames()); err != nil {
			bad = append(bad, journal.Judgement{Expectation: expect[i].String(), Found: err.Error()})
		} else {
			good = append(good, expect[i])
		}
	}
	all := append(bad, b.in.Verify(good)...)
	return Verdict{sandbox.Passed(all), all}
}

// Retries judges how clients retried, by the chains of their requests. The zero grading judges by
// all rules and their defaults. A rule passes only if the run brought its situation: list in Require
// what the client must have shown. A test fails with the report:
//
//	if r := s.Retries(journal.Grading{}); !r.Good() {
//		t.Error(r)
//	}
func (b *box) Retries(g journal.Grading) *journal.Retries {
	if err := b.known(&journal.Filter{Operation: g.Operation}); err != nil {
		return &journal.Retries{Problem: err.Error()}
	}
	return b.in.Retries(&g)
}

// Expect fails the test unless the number of requests to an operation, or to those that match a
// glob, is in a range: Expect(t, "freezer.clients.create", journal.Exactly(1)). The failure prints
// the exchanges.
func (b *box) Expect(tb TB, operation string, requests *journal.Range) {
	tb.Helper()
	e := journal.Expectation{Pattern: journal.Pattern{Operation: operation}, Requests: requests}
	if err := b.known(&journal.Filter{Operation: operation}); err != nil {
		tb.Errorf("standin: %v", err)
		return
	}
	for _, j := range b.in.Journal().Judge([]journal.Expectation{e}) {
		if !j.Met {
			tb.Errorf("standin: %s: found %s\n%s", j.Expectation, j.Found, b.exchanges())
		}
	}
}

// maxPrinted is the maximum number of exchanges that a failure prints. It prints the newest ones.
const maxPrinted = 50

// exchanges returns the lines of the newest exchanges.
func (b *box) exchanges() string {
	all := b.in.Journal().Find(journal.Filter{}).Entries
	if len(all) == 0 {
		return "there were no requests"
	}
	var text strings.Builder
	for i := range all[max(0, len(all)-maxPrinted):] {
		fmt.Fprintln(&text, all[max(0, len(all)-maxPrinted)+i])
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// Reset returns the sandbox to the state in which it started: the world with its ids and tokens,
// the faults with their counts, the journal and the clock.
func (b *box) Reset() { _ = b.in.Reset(nil, "") } // only parts and snapshots can be invalid

// Apply replaces the start of the sandbox by a scenario, given as the name of a built-in scenario
// or of a file. World, clock, faults and journal start again, and Reset returns to this start.
func (b *box) Apply(scenario string) error { return b.in.Apply(sandbox.Plan{Scenario: scenario}) }

// Snapshot stores the present world under a name. It replaces a snapshot of the same name.
func (b *box) Snapshot(name string) error { return b.in.Snapshot(name) }

// Restore replaces the world by that of a snapshot. It does not change faults, journal and clock.
func (b *box) Restore(name string) error { return b.in.Restore(name) }

// State returns the world as a fixture, in JSON. With arguments, it returns only the sections of
// these services.
func (b *box) State(sections ...string) ([]byte, error) {
	var out strings.Builder
	for _, name := range sections {
		if err := b.core.Catalog.CheckSection(name); err != nil {
			return nil, err
		}
	}
	write, err := b.in.Dump("", sections...)
	if err == nil {
		err = write(&out)
	}
	return []byte(out.String()), err
}

// Load replaces the world by a fixture. The fixture is the text of a fixture file, as []byte or
// string, or a value that encoding/json can encode as one. Load does not change faults and journal.
func (b *box) Load(fixture any) error {
	data, err := textOf(fixture)
	if err != nil {
		return err
	}
	return b.in.Load("(fixture)", "", data, 0)
}

// Now returns the time on the sandbox's clock, in UTC.
func (b *box) Now() time.Time { return b.in.Now() }

// Advance moves the clock. A negative duration moves it back. A frozen clock stays frozen.
func (b *box) Advance(d time.Duration) { b.in.Advance(d) }

// Freeze stops the clock at a time. The zero time means the present time of the clock.
func (b *box) Freeze(at time.Time) {
	if at.IsZero() {
		b.in.Freeze(nil)
	} else {
		b.in.Freeze(&at)
	}
}

// Resume lets a frozen clock run from its present time.
func (b *box) Resume() { b.in.Resume() }
