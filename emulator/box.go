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

// A box has the methods that an Emulator, a Server and a Sandbox share: an Emulator and a Server
// have those of their default sandbox.
type box struct {
	core *core.Emulator
	in   *sandbox.Sandbox
	tb   TB // of the test that it belongs to; nil outside of one
}

// Name is the sandbox's name; "default" of an emulator and of a server.
func (b *box) Name() string { return b.in.Name() }

// Fault arms rules after those that are armed already: all of them, or none if it returns an
// error. In a test an error also fails the test.
func (b *box) Fault(rules ...fault.Rule) error {
	_, err := b.in.Arm(rules...)
	return b.report(err)
}

// FailNext has the next request for an operation answered with a failure that its contract
// documents: FailNext("freezer.clients.create", 753). In a test an error also fails the test.
func (b *box) FailNext(operation string, status int) error {
	if b.tb != nil {
		b.tb.Helper()
	}
	return b.Fault(fault.Failure(operation, status))
}

// RemoveFault removes a rule, and releases the requests that wait because of it. It reports
// whether there was one.
func (b *box) RemoveFault(name string) bool { return b.in.Disarm(name) }

// Faults lists the rules with what they have counted.
func (b *box) Faults() []fault.State { return b.in.Rules().States() }

// Requests lists the exchanges that fit all of the filter's members; without a filter all that
// the journal still holds, oldest first. A filter that no exchange can match, because an operation
// is misspelt, ends the test. Outside of a test it panics.
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

// Await waits until at least that many exchanges fit, the context ends, or 5 minutes have passed,
// and lists those there are. A filter is checked as that of Requests.
func (b *box) Await(ctx context.Context, f journal.Filter, atLeast int) []journal.Entry {
	if b.tb != nil {
		b.tb.Helper()
	}
	b.must(b.known(&f))
	return b.in.Journal().Wait(ctx, f, atLeast, longestWait).Entries
}

// longestWait bounds Await.
const longestWait = 5 * time.Minute

// known returns an error for a filter that no exchange can fit.
func (b *box) known(f *journal.Filter) error {
	return errors.Join(f.Check(), b.core.Catalog.Rules.Known(f.Operation))
}

// must ends the test with an error; outside of a test it panics.
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

// Journal writes the journal in its canonical form, in which two runs compare.
func (b *box) Journal() []byte { return b.in.Canonical() }

// A Verdict is what a verification found.
type Verdict struct {
	Passed     bool                `json:"passed"`
	Judgements []journal.Judgement `json:"judgements"`
}

// String is the verdict in lines, what was not met first.
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

// Verify holds the journal to expectations; without any, to those of the scenario. It also
// fails if a rule that ends has never fired, unless the rule is optional, if entries have fallen
// out of the journal, and if an expectation makes no sense: it is about an operation or a rule
// that there is not, or a range is empty.
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

// Expect fails the test unless the number of requests for an operation, or for those that fit a
// glob, is in a range: Expect(t, "freezer.clients.create", journal.Exactly(1)). It prints the
// exchanges there were.
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

// maxPrinted bounds the exchanges that a failure prints, the newest ones.
const maxPrinted = 50

// exchanges are the lines of the newest exchanges.
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

// Reset goes back to the state in which the sandbox started: world with its ids and tokens,
// faults with their counts, journal, clock.
func (b *box) Reset() { _ = b.in.Reset(nil, "") } // only parts and snapshots can be wrong

// Apply puts a scenario in place of what the sandbox started with, by the name of a built-in one
// or of a file: world, clock, faults and journal begin again, and Reset goes back to that start.
func (b *box) Apply(scenario string) error { return b.in.Apply(sandbox.Plan{Scenario: scenario}) }

// Snapshot names the present world, in place of an older snapshot of that name.
func (b *box) Snapshot(name string) error { return b.in.Snapshot(name) }

// Restore goes back to the world of a snapshot. Faults, journal and clock stay.
func (b *box) Restore(name string) error { return b.in.Restore(name) }

// State dumps the world as a fixture, in JSON: all of it, or the sections of some services.
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

// Load puts a fixture in place of the world: the text of a fixture file as []byte or string, or
// any value that encoding/json writes as one. Faults and journal stay.
func (b *box) Load(fixture any) error {
	data, err := textOf(fixture)
	if err != nil {
		return err
	}
	return b.in.Load("(fixture)", "", data, 0)
}

// Now is the time on the sandbox's clock, in UTC.
func (b *box) Now() time.Time { return b.in.Now() }

// Advance moves the clock forward, or back if d is negative. A frozen clock stays frozen.
func (b *box) Advance(d time.Duration) { b.in.Advance(d) }

// Freeze stops the clock at a time; at its present one if that is zero.
func (b *box) Freeze(at time.Time) {
	if at.IsZero() {
		b.in.Freeze(nil)
	} else {
		b.in.Freeze(&at)
	}
}

// Resume lets the clock run on from where it stands.
func (b *box) Resume() { b.in.Resume() }
