package coverage_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"encoding/json"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/coverage"
	"standin/internal/servicetest"
)

// Ensure a reset, a deleted sandbox and an evicted journal change nothing in the sums, and that the
// report of a sandbox has its requests only.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t, emulator.WithFixture("documented"), emulator.WithJournal(journal.Limits{Entries: 2}))
	p := servicetest.PlayerOf(t, e)
	list := p.Operation("freezer.clients.list")
	box, err := e.NewSandbox("box")
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		request(t, p, list, "")
		request(t, p, list, "/~box")
	}
	if err := box.FailNext(list.ID, http.StatusForbidden); err != nil {
		t.Fatal(err)
	}
	request(t, p, list, "/~box")
	if own := reported(t, p, "box"); counted(own, list.ID, "200").Provoked != 5 || counted(own, list.ID, "403").Injected != 1 || own.Sandbox != "box" {
		t.Errorf("the sandbox has %s", own.Text())
	}
	e.Reset()
	box.Reset()
	if own := reported(t, p, "box"); counted(own, list.ID, "200").Provoked != 5 {
		t.Errorf("after a reset the sandbox has %s", own.Text())
	}
	e.DeleteSandbox("box")
	all := reported(t, p, "")
	if got := counted(all, list.ID, "200").Provoked; got != 10 {
		t.Errorf("%d answers 200, want 10", got)
	}
	if got := counted(all, list.ID, "403"); got.Injected != 1 || got.Provoked != 0 {
		t.Errorf("403: %+v", got)
	}
	if code, text := p.Call(http.MethodGet, "/_standin/sandboxes/box/reports/coverage", "", ""); code != http.StatusNotFound {
		t.Errorf("a deleted sandbox: %d %s", code, text)
	}
}

// Ensure what a fault does to an answer is counted as what the client meets.
func TestFaults(t *testing.T) {
	t.Parallel()
	const id = "barbican.consumers.create"
	tests := []struct {
		name string
		what fault.Rule
		want string // the lines of the report that are not zero
	}{
		{"an example", fault.Rule{Use: id + "/403/quota"}, "403/quota I1"},
		{"the first example", fault.Rule{Use: id + "/403"}, "403/role I1"},
		{"a status that is not documented", fault.Rule{What: fault.What{Status: 503}}, "503 I1 not documented"},
		{"another body", fault.Rule{What: fault.What{Status: 403, Body: map[string]any{"a": 1}}}, "403/other I1 not documented"},
		{"a changed answer", fault.Rule{What: fault.What{Patch: map[string]any{"a": 1}}}, "404/other I1 not documented"},
		{"a broken body", fault.Rule{What: fault.What{MalformedBody: fault.NotJSON}}, "404/other I1 not documented"},
		{"a header", fault.Rule{What: fault.What{Headers: fault.Headers{Set: map[string]string{"X-A": "b"}}}}, "404/unknown P1"},
		{"a delay", fault.Rule{What: fault.What{Delay: &fault.Delay{Fixed: 1}}}, "404/unknown P1"},
		{"a dead token", fault.Rule{What: fault.What{ExpireToken: true}}, "401 I1"},
		{"slowly", fault.Rule{What: fault.What{Bandwidth: 1 << 20}}, "404/unknown P1, slow 1"},
		{"closed slowly", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.SlowClose, For: 1}}}, "404/unknown P1, slow-close 1"},
		{"reset", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Reset}}}, "reset 1"},
		{"a lost reply", fault.Rule{Phase: fault.After, What: fault.What{Connection: &fault.Connection{Kind: fault.Reset}}}, "lost-reply 1"},
		{"empty", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Empty}}}, "empty 1"},
		{"reset in the body", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Reset, At: "body"}}}, "half-answer 1"},
		{"truncated", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Truncate}}}, "half-answer 1"},
		{"truncated in silence", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Truncate, Mode: "silent"}}}, "404/other I1 not documented"},
		{"garbage", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Garbage}}}, "garbage 1"},
		{"a chunk", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.MalformedChunk}}}, "malformed-chunk 1"},
		{"a length", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.ContentLength}}}, "content-length 1"},
		{"a hang", fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Hang, For: 1}}}, "hang 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := emulator.NewT(t, emulator.WithFixture("documented"))
			p := servicetest.PlayerOf(t, e)
			rule := tt.what
			if rule.Use == "" {
				rule.Where.Operation = id
			}
			if err := e.Fault(rule); err != nil {
				t.Fatal(err)
			}
			const body = `{"name": "n", "URL": "u"}`
			req, err := http.NewRequest(http.MethodPost, "http://localhost:9311/v1/containers/36dc7618-4178-4e29-be43-286fbfe90f50/consumers", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			servicetest.Login(req, "barbican", "")
			if resp, err := e.Client().Do(req); err == nil {
				_ = resp.Body.Close()
			}
			if got := summed(reported(t, p, "")); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// summed returns all of a report that is not zero.
func summed(r *coverage.Report) string {
	var all []string
	for _, c := range r.Cells {
		text := c.Answer
		if c.Provoked > 0 {
			text += fmt.Sprintf(" P%d", c.Provoked)
		}
		if c.Injected > 0 {
			text += fmt.Sprintf(" I%d", c.Injected)
		}
		if !c.Documented {
			text += " not documented"
		}
		if !c.Never() {
			all = append(all, text)
		}
	}
	for _, w := range r.Wire {
		all = append(all, fmt.Sprintf("%s %d", w.Failure, w.Count))
	}
	return strings.Join(all, ", ")
}

// Ensure quirks are reported if they may change an answer of an operation that was used, and that
// requests to no operation are counted.
func TestQuirksAndUnmatched(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t, emulator.WithProfile(emulator.ProfileObserved))
	p := servicetest.PlayerOf(t, e)
	request(t, p, p.Operation("freezer.clients.list"), "")
	p.Call(http.MethodGet, "/v1/client", "", "")
	p.Call(http.MethodGet, "/", "", "") // the index is Standin's own
	r := reported(t, p, "")
	if len(r.Quirks) == 0 || slices.ContainsFunc(r.Quirks, func(q string) bool { return !strings.HasPrefix(q, "freezer.") }) {
		t.Errorf("quirks %v", r.Quirks)
	}
	if r.Unmatched != 1 || len(r.Operations) != 1 {
		t.Errorf("%d requests to no operation, used %v", r.Unmatched, r.Operations)
	}
}

// Ensure requests in parallel are all counted.
func TestParallel(t *testing.T) {
	t.Parallel()
	c, op := coverage.New(coverage.Small), contract.Answering("a.b", &contract.Response{Status: 200}, &contract.Response{Status: 202})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				coverage.Count(&coverage.Met{Operation: op, Status: 200 + 2*(i%2), Injected: i%4 == 1}, c)
			}
		})
	}
	all.Wait()
	if got := summed(c.Report()); got != "200 P4000, 202 P2000 I2000" {
		t.Error(got)
	}
}

// Ensure counting an answer that was counted before allocates nothing.
func TestAllocations(t *testing.T) {
	c := coverage.New(coverage.Small)
	op := servicetest.Contract(t, "barbican").Operation("barbican.consumers.create")
	body, _ := op.Response(403).Example("quota")
	m := &coverage.Met{Operation: op, Status: 403, Body: body}
	coverage.Count(m, c)
	if n := testing.AllocsPerRun(100, func() { coverage.Count(m, c, c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if got := counted(c.Report(), op.ID, "403/quota").Provoked; got != 203 {
		t.Errorf("counted %d times", got)
	}
}

func BenchmarkCount(b *testing.B) {
	all := []*coverage.Counts{coverage.New(coverage.Large), coverage.New(coverage.Large), coverage.New(coverage.Large)}
	op := contract.Answering("a.b", &contract.Response{Status: 200}, &contract.Response{Status: 202})
	m := &coverage.Met{Operation: op, Status: 200}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			coverage.Count(m, all...)
		}
	})
}

// shard returns the report of an emulator that served requests to operations.
func shard(t *testing.T, requests ...string) *coverage.Report {
	t.Helper()
	p := servicetest.NewPlayer(t, emulator.WithFixture("documented"))
	for _, id := range requests {
		request(t, p, p.Operation(id), "")
	}
	return reported(t, p, "")
}

// Ensure the files of two shards add up, and that an operation is unused if no shard used it.
func TestSum(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []*coverage.Report
	for i, r := range []*coverage.Report{
		shard(t, "freezer.clients.list", "barbican.containers.list"), shard(t, "freezer.clients.list", "freezer.clients.list", "privx.roles.list"),
	} {
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name, r.JSON(), 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := coverage.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, read)
	}
	r := coverage.Sum(files...)
	if got := counted(r, "freezer.clients.list", "200").Provoked; got != 3 {
		t.Errorf("freezer.clients.list: %d answers 200", got)
	}
	if len(r.Operations) != 3 || len(r.Unused) != len(files[0].Unused)-1 || r.Summary.UsedOperations != 3 {
		t.Errorf("used %v, %d are unused", r.Operations, len(r.Unused))
	}
	if other := coverage.Sum(files[1], files[0]); string(other.JSON()) != string(r.JSON()) {
		t.Error("the order of the files makes a difference")
	}
	schema, err := jsonschema.Compile("../../schemas/coverage.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(r.JSON(), &v); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%#v", err)
	}
}

// Ensure files that are no coverage files are refused, with the reason.
func TestRefused(t *testing.T) {
	t.Parallel()
	whole := string(shard(t, "freezer.clients.list").JSON())
	twice := strings.Replace(whole, `"operations": [`, `"operations": [{"operation": "freezer.clients.list", "requests": 1},`, 1)
	tests := []struct{ name, text, want string }{
		{"empty", "", "the file is empty"},
		{"half", whole[:len(whole)/2], "it was written by half"},
		{"another report", `{"rules": []}`, `expected a JSON object with "report": "coverage"`},
		{"a list", `[1]`, `expected a JSON object with "report": "coverage"`},
		{"no JSON", "<html>", "not a coverage file: invalid character '<'"},
		{"two files in one", whole + whole, "not a coverage file: invalid character '{' after top-level value"},
		{"another version", strings.Replace(whole, `"version": 1`, `"version": 2`, 1), "version 2 of coverage files; this standin reads version 1"},
		{"another member", strings.Replace(whole, `"unmatched"`, `"unmatch"`, 1), `unknown field "unmatch"`},
		{"a negative count", strings.Replace(whole, `"provoked": 1,`, `"provoked": -1,`, 1), "summary"},
		{"a changed count", strings.Replace(whole, `"answer": "200",
   "documented": true,
   "provoked": 1`, `"answer": "200",
   "documented": true,
   "provoked": 0`, 1), "the summary does not fit the cells"},
		{"an operation twice", twice, `the operation "freezer.clients.list" is there twice`},
	}
	for _, tt := range tests {
		name := filepath.Join(t.TempDir(), "coverage.json")
		if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := coverage.ReadFile(name)
		if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := coverage.ReadFile(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

// Ensure the scenario of what is missing loads, and brings each missing answer of each operation.
func TestScenario(t *testing.T) {
	t.Parallel()
	before := shard(t, "freezer.clients.list", "barbican.consumers.create")
	e := emulator.NewT(t, emulator.WithScenarioData(before.Scenario()), emulator.WithContractCheck(emulator.CheckOff))
	p := servicetest.PlayerOf(t, e)
	for _, c := range services(t) {
		for _, op := range c.Operations {
			for range coverage.Answers(op) {
				request(t, p, op, "")
			}
		}
	}
	after := coverage.Sum(before, reported(t, p, ""))
	if s := after.Summary; s.Never != 0 || len(after.Unused) != 0 {
		t.Errorf("%+v, %d operations are unused\n%s", s, len(after.Unused), after.Text())
	}
	if text := string(after.Scenario()); !strings.HasSuffix(text, "faults: []\n") {
		t.Errorf("nothing is missing, but %.300s", text)
	}
}

// Ensure the text shows holes, and has no line of more than 100 columns on the whole catalogue.
func TestText(t *testing.T) {
	t.Parallel()
	r := shard(t, "freezer.clients.list", "freezer.clients.show", "barbican.consumers.create")
	text := r.Text()
	for _, want := range []string{
		"3 of 155 operations used", "provoked, 0 injected,",
		"freezer.clients.list P   --- -   -       -   -   -\n",
		"barbican.consumers.create -   --- -   --  -P  -   -\n",
		"  freezer.clients.list: 400/bad-limit, 400/bad-offset,",
		"Operations that were never used (152):\n  barbican.consumers.delete, ", " devops.*, freezer.actions.*,\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text has no %q:\n%s", want, text)
		}
	}
	p := servicetest.NewPlayer(t, emulator.WithProfile(emulator.ProfileObserved))
	for _, c := range services(t) {
		for _, op := range c.Operations {
			request(t, p, op, "")
		}
	}
	for line := range strings.Lines(text + reported(t, p, "").Text()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 100 || strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}
