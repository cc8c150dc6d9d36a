package emulator_test

import (
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
)

// Ensure a verdict on all sandboxes wants the rules that a sandbox has for itself to fire
// there, deleted ones included, and a rule whose window ends to fire at all.
func TestVerdictOnRulesOfSandboxes(t *testing.T) {
	t.Parallel()
	window := fault.Rule{Name: "window", What: fault.What{Status: 503}, When: fault.When{During: &fault.Window{End: fault.Duration(time.Hour)}}}
	e, err := emulator.New(emulator.WithRemovedSandboxes(), emulator.WithFault(window))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kept", "deleted"} {
		s, err := e.NewSandbox(name)
		if err != nil {
			t.Fatal(err)
		}
		own := fault.Rule{Name: "own", Where: fault.Where{Operation: "freezer.clients.create"}, What: fault.What{Status: 753}}
		open := fault.Rule{Name: "open", What: fault.What{Status: 500}, When: fault.When{During: &fault.Window{Start: fault.Duration(time.Hour)}}}
		if err := s.Fault(own, open); err != nil {
			t.Fatal(err)
		}
	}
	e.DeleteSandbox("deleted")
	for _, want := range []string{"the rule own fires in sandbox kept", "the rule own fires in sandbox deleted", "the rule window fires ("} {
		if v := e.VerifyAll(); v.Passed || strings.Count(v.String(), want) != 1 || strings.Contains(v.String(), "open") {
			t.Errorf("no %s in %s", want, v)
		}
	}
	recorded(e, "GET", "/~kept/v1/clients", "") // the window's rule, which all start with, fires
	if v := e.VerifyAll().String(); strings.Contains(v, "window") {
		t.Errorf("after it has fired: %s", v)
	}
}
