package coverage_test

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/coverage"
	"standin/internal/servicetest"
)

// services returns the contracts of the services, with their samples.
func services(t *testing.T) []*contract.Contract {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(servicetest.Contracts(t)), func(c *contract.Contract) bool { return c.Service == catalog.Control })
}

// reported reads the report of the emulator of a player, of a sandbox or of all.
func reported(t *testing.T, p *servicetest.Player, sandbox string) *coverage.Report {
	t.Helper()
	path := "/_standin/reports/coverage"
	if sandbox != "" {
		path = "/_standin/sandboxes/" + sandbox + "/reports/coverage"
	}
	code, text := p.Call(http.MethodGet, path, "", "")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	r, err := coverage.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counted returns the cell of an operation and an answer. A cell that is not there is zero.
func counted(r *coverage.Report, operation, answer string) coverage.Cell {
	i := slices.IndexFunc(r.Cells, func(c coverage.Cell) bool { return c.Operation == operation && c.Answer == answer && c.Documented })
	if i < 0 {
		return coverage.Cell{}
	}
	return r.Cells[i]
}

// sum returns the sums of the counts of all cells and other answers.
func sum(r *coverage.Report) (provoked, injected uint64) {
	for _, c := range r.Cells {
		provoked, injected = provoked+c.Provoked, injected+c.Injected
	}
	return provoked, injected
}

// request sends a request to an operation.
func request(t *testing.T, p *servicetest.Player, op *contract.Operation, prefix string) {
	t.Helper()
	req, err := http.NewRequest(op.Method, "http://localhost:9311"+prefix+at(op), strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Login(req, op.Service, "")
	p.Do(req)
}

// at returns a path of the operation under which no other service is found.
func at(op *contract.Operation) string {
	path := op.Path
	for _, p := range op.Parameters() {
		path = strings.ReplaceAll(path, "{"+p.Name+"}", "36dc7618-4178-4e29-be43-286fbfe90f50")
	}
	prefix := map[string]string{"keystone": "/identity", "barbican": "/key-manager", "freezer": "/backup"}[op.Service]
	return prefix + path
}

// ruleOf returns a rule that brings a cell once.
func ruleOf(operation, answer string) fault.Rule {
	once := fault.When{Times: new(1)}
	code, _, _ := strings.Cut(answer, "/")
	if status, _ := strconv.Atoi(code); status < http.StatusBadRequest {
		return fault.Rule{Where: fault.Where{Operation: operation}, When: once, What: fault.What{Status: status}}
	}
	return fault.Rule{Use: operation + "/" + answer, When: once}
}

// Ensure every documented answer that a rule brings is counted once, as injected, at its cell.
func TestEveryCellInjected(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t, emulator.WithFixture("documented"), emulator.WithContractCheck(emulator.CheckOff)) // a status alone has no headers
	p := servicetest.PlayerOf(t, e)
	cells := 0
	for _, c := range services(t) {
		for _, op := range c.Operations {
			for _, answer := range coverage.Answers(op) {
				if err := e.Fault(ruleOf(op.ID, answer)); err != nil {
					t.Fatal(err)
				}
				request(t, p, op, "")
				cells++
			}
		}
	}
	r := reported(t, p, "")
	for _, c := range r.Cells {
		if c.Injected != 1 || c.Provoked != 0 || !c.Documented {
			t.Errorf("%s %s: %d provoked, %d injected, documented %v", c.Operation, c.Answer, c.Provoked, c.Injected, c.Documented)
		}
	}
	if s := r.Summary; s.Cells != cells || s.Injected != cells || s.Provoked != 0 || s.Never != 0 || len(r.Unused) != 0 {
		t.Errorf("%d cells were injected; the summary is %+v, %d operations are unused", cells, s, len(r.Unused))
	}
}

// only are the cells that no sample provokes and that no other request of this test does. The
// statuses 503 come from faults only. Operations that answer by example find everything. Keystone
// has examples at both operations on a token that one of them answers.
var only = []string{
	"barbican.secrets.*/413", // a long payload in a short body
	"freezer.*/503", "freezer.actions.*/404", "freezer.backups.*/404", "freezer.jobs.*/404", "freezer.sessions.*/404",
	"keystone.tokens.revoke/403/validate", "keystone.tokens.revoke/404/*", "keystone.tokens.validate/403/revoke",
	"privx.api-clients.search/400/*", "privx.api-clients.update/400/*", "privx.roles.update/400/*",
}

// Ensure the answer of each sample is counted once, as provoked, at the cell of the example that the
// sample names, and that all cells are provoked by samples or by the requests of odd.
func TestEveryCellProvoked(t *testing.T) {
	t.Parallel()
	for _, c := range services(t) {
		for _, op := range c.Operations {
			t.Run(op.ID, func(t *testing.T) {
				t.Parallel()
				met := map[string]bool{}
				for _, s := range op.Samples {
					met[provoked(t, op, s)] = true
				}
				for _, answer := range coverage.Answers(op) {
					if s, ok := odd(op, answer); ok && !met[answer] {
						met[provoked(t, op, s)] = true
					}
					rare := slices.ContainsFunc(only, func(glob string) bool { return contract.NewGlob(glob).Match(op.ID + "/" + answer) })
					if !met[answer] && !rare {
						t.Errorf("%s/%s was not provoked", op.ID, answer)
					}
				}
			})
		}
	}
}

// odd returns a request for an answer of which the contracts have no sample.
func odd(op *contract.Operation, answer string) (contract.Sample, bool) {
	code, name, _ := strings.Cut(answer, "/")
	status, _ := strconv.Atoi(code)
	s := contract.Sample{Name: "odd", Status: status, Response: name, Path: map[string]string{}, Headers: map[string]string{"Accept": "application/json"}}
	value := "36dc7618-4178-4e29-be43-286fbfe90f50"
	body := "{}"
	switch {
	case status == http.StatusRequestEntityTooLarge && op.Service != "barbican":
		body = strings.Repeat(" ", 9<<20)
	case strings.HasPrefix(name, "no-") && strings.HasSuffix(name, "uuid"):
		value = "x"
	case name == "provider-list":
		value = `["ec2"]`
	default:
		return s, false
	}
	if op.Body {
		s.Body, s.Headers["Content-Type"] = &body, "application/json"
	}
	for _, p := range op.Parameters() {
		if p.In == "path" {
			s.Path[p.Name] = value
		}
	}
	return s, true
}

// provoked plays a sample and returns the answer that was counted. It fails the test unless exactly
// that of the sample was.
func provoked(t *testing.T, op *contract.Operation, s contract.Sample) string {
	t.Helper()
	e, err := emulator.New(emulator.WithFixture(cmp.Or(s.Fixture, "documented")), emulator.WithHostHref(s.HostHref), emulator.WithContractCheck(emulator.CheckOff))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	p := servicetest.PlayerOf(t, e)
	for _, before := range s.After {
		id, name, _ := strings.Cut(before, "/")
		first := p.Operation(id)
		p.Play(first, first.Samples[slices.IndexFunc(first.Samples, func(o contract.Sample) bool { return o.Name == name })])
	}
	s.After = nil
	was := &coverage.Report{}
	if e.Requests() != nil {
		was = reported(t, p, "")
	}
	p.Play(op, s)
	answer := strconv.Itoa(s.Status)
	if named := answer + "/" + s.Response; slices.Contains(coverage.Answers(op), named) {
		answer = named
	}
	is := reported(t, p, "")
	before, _ := sum(was)
	after, injected := sum(is)
	requests := uint64(1)
	if s.Caller == "unscoped" { // it logs in first
		requests++
	}
	got, old := counted(is, op.ID, answer), counted(was, op.ID, answer)
	if after != before+requests || injected != 0 || got.Provoked != old.Provoked+1 {
		t.Errorf("%s/%s: %d answers were counted, want %d; %s was counted %d times", op.ID, s.Name, after-before, requests, answer, got.Provoked-old.Provoked)
	}
	return answer
}
