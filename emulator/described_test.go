package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/control"
	"standin/internal/coverage"
	"standin/internal/explain"
	"standin/internal/explore"
	"standin/internal/file"
	"standin/internal/recorder"
	"standin/internal/scenario"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// A component is a schema of the control API's contract that is generated from a type. The
// comments of the type's members are their descriptions.
type component struct {
	name   string
	is     reflect.Type
	answer bool     // all members are required except those that are omitted when empty
	always []string // members that are omitted when empty but never are
	rare   []string // members that no answer in the test has
}

// components are those of answers, then those of requests and of rules. Rules are in both.
var components = []component{
	{"Index", reflect.TypeFor[control.Index](), true, nil, nil},
	{"Health", reflect.TypeFor[control.Health](), true, nil, nil},
	{"Sandbox", reflect.TypeFor[control.Info](), true, nil, nil},
	{"Clock", reflect.TypeFor[control.Clock](), true, nil, nil},
	{"ArmedRule", reflect.TypeFor[fault.State](), true, []string{"name"}, nil},
	{"Requests", reflect.TypeFor[journal.Page](), true, nil, nil},
	{"Entry", reflect.TypeFor[journal.Entry](), true, nil, []string{ // these need a connection, a bug or a large answer
		"transport_retry", "violation", "note", "reply.body_base64", "reply.sha256", "connection.tls",
	}},
	{"Explanation", reflect.TypeFor[explain.Explanation](), true, nil, []string{ // as above
		"violation", "note",
	}},
	{"Unread", reflect.TypeFor[explain.Report](), true, nil, []string{"more"}}, // a thousand other parts come first
	{"RecordChange", reflect.TypeFor[recorder.RecordChange](), true, nil, nil},
	{"Chains", reflect.TypeFor[control.Chains](), true, nil, nil},
	{"Collection", reflect.TypeFor[control.Collection](), true, nil, nil},
	{"Records", reflect.TypeFor[control.Records](), true, nil, nil},
	{"Differences", reflect.TypeFor[control.Differences](), true, nil, nil},
	{"Note", reflect.TypeFor[journal.Note](), true, nil, nil},
	{"Verdict", reflect.TypeFor[control.Verdict](), true, nil, nil},
	{"Judgement", reflect.TypeFor[journal.Judgement](), true, nil, nil},
	{"Retries", reflect.TypeFor[journal.Retries](), true, nil, []string{"problem", "rules.more"}}, // Go has the first; the second needs many failures
	{"Coverage", reflect.TypeFor[coverage.Report](), true, nil, []string{ // these need a connection
		"wire.operation", "wire.failure", "wire.count",
	}},
	{"Operation", reflect.TypeFor[control.Operation](), true, nil, nil},
	{"Quirk", reflect.TypeFor[control.Quirk](), true, nil, nil},
	{"NewSandbox", reflect.TypeFor[control.Spec](), false, nil, nil},
	{"NewSnapshot", reflect.TypeFor[control.NewSnapshot](), false, nil, nil},
	{"ClockChange", reflect.TypeFor[control.Change](), false, nil, nil},
	{"Scenario", reflect.TypeFor[scenario.Scenario](), false, nil, []string{ // no built-in scenario has these
		"clock.freeze", "clock.start", "profile", "quirks",
	}},
	{"Expectation", reflect.TypeFor[journal.Expectation](), false, nil, nil},
	{"Rule", reflect.TypeFor[fault.Rule](), false, nil, nil},
	{"Where", reflect.TypeFor[fault.Where](), false, nil, nil},
	{"When", reflect.TypeFor[fault.When](), false, nil, nil},
	{"What", reflect.TypeFor[fault.What](), false, nil, nil},
}

// describe returns the schemas of the components by name.
func describe(t *testing.T) *value.Object {
	t.Helper()
	names := map[reflect.Type]string{}
	for _, c := range components {
		names[c.is] = c.name
	}
	texts := comments(t, "fault", "journal", "../internal/control", "../internal/coverage", "../internal/explain", "../internal/recorder", "../internal/scenario")
	all := value.NewObject()
	for _, c := range components {
		d := &describer{comments: texts, names: names, answer: c.answer}
		o := d.object(c.is)
		if len(d.bare) > 0 {
			t.Errorf("%s: no comment describes %s", c.name, strings.Join(d.bare, ", "))
		}
		for _, name := range slices.Backward(c.always) {
			o.Set("required", append([]any{name}, o.List("required")...))
		}
		all.Set(c.name, o)
	}
	all.Set("Fixture", fixture())
	return all
}

// fixture returns the outline of a fixture. The schema of fixtures has the members of its sections.
func fixture() *value.Object {
	properties := value.NewObject()
	for _, m := range catalog.NewLoader().Schema().Object("properties").Members() {
		is := m.Value.(*value.Object)
		if forms := is.List("anyOf"); forms != nil {
			is = forms[0].(*value.Object)
		}
		kind, _ := is.Get("type")
		properties.Set(m.Name, object("type", kind))
	}
	return object(
		"description", "A fixture. GET /_standin/schemas/fixture shows all of its members.",
		"type", "object", "additionalProperties", false, "properties", properties,
	)
}

// Ensure the contract of the control API describes bodies like their types, with the comments of
// their members.
func TestGeneratedComponents(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../schemas/control.yaml", "    # generated from the types of bodies\n", "    # /generated\n"
	read, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, path, []byte(servicetest.Between(t, string(read), begin, end, block(describe(t), "    "))))
}

// Ensure the published schema of the report on retries describes its type.
func TestGeneratedReportSchema(t *testing.T) {
	t.Parallel()
	o := object("$schema", "https://json-schema.org/draft/2020-12/schema", "title", "Standin report on retries")
	for _, m := range describe(t).Object("Retries").Members() {
		o.Set(m.Name, m.Value)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, value.Append(nil, o), "", "  "); err != nil {
		t.Fatal(err)
	}
	text.WriteByte('\n')
	keep(t, "../schemas/retries.schema.json", text.Bytes())
}

// Ensure the published schema of the report on an exploration describes its type.
func TestGeneratedExploreSchema(t *testing.T) {
	t.Parallel()
	d := &describer{comments: comments(t, "../internal/explore"), answer: true}
	o := object("$schema", "https://json-schema.org/draft/2020-12/schema", "title", "Standin report on an exploration")
	for _, m := range d.object(reflect.TypeFor[explore.Report]()).Members() {
		o.Set(m.Name, m.Value)
	}
	if len(d.bare) > 0 {
		t.Errorf("no comment describes %s", strings.Join(d.bare, ", "))
	}
	var text bytes.Buffer
	if err := json.Indent(&text, value.Append(nil, o), "", "  "); err != nil {
		t.Fatal(err)
	}
	text.WriteByte('\n')
	keep(t, "../schemas/explore.schema.json", text.Bytes())
}

// Ensure the report on a client that does wrong fits its published schema.
func TestReportFitsItsSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.Compile("../schemas/retries.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := emulator.RunT(t)
	for range 2 {
		recorded(s.Emulator(), "POST", "/v1/clients", "{", "X-Auth-Token", "demo-token")
	}
	r := s.Retries(journal.Grading{})
	report, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(report, &v); err != nil || r.Good() {
		t.Fatalf("%v: %s", err, r)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%v in %s", err, report)
	}
}

// Ensure every JSON body is described down to its last member. Only documents that are described
// elsewhere are open.
func TestBodiesAreClosed(t *testing.T) {
	t.Parallel()
	c := controlContract(t)
	document, err := value.Parse(c.JSON())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := []string{"/_standin/openapi/{service}", "/_standin/schemas/{name}"}
	var look func(at string, v any)
	look = func(at string, v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				look(at, e)
			}
		case *value.Object:
			schema := v.Object("schema")
			if schema != nil && schema.Len() == 0 || v.Text("type") == "object" && !v.Has("additionalProperties") {
				t.Errorf("%s: any body will do", at)
			}
			for _, m := range v.Members() {
				if m.Name != "examples" && m.Name != "x-samples" {
					look(at, m.Value)
				}
			}
		}
	}
	paths, _ := value.At(document, "/paths")
	for _, m := range paths.(*value.Object).Members() {
		if !slices.Contains(elsewhere, m.Name) {
			look(m.Name, m.Value)
		}
	}
}

// controlContract returns the contract of the control API.
func controlContract(t *testing.T) *contract.Contract {
	t.Helper()
	all := servicetest.Contracts(t)
	return all[slices.IndexFunc(all, func(c *contract.Contract) bool { return c.Service == catalog.Control })]
}

// Ensure the schemas of requests accept the bodies of the contract's samples, and rules with every
// member.
func TestRequestsAreDescribed(t *testing.T) {
	t.Parallel()
	c := controlContract(t)
	document, err := value.Parse(c.JSON())
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("control.json", bytes.NewReader(c.JSON())); err != nil {
		t.Fatal(err)
	}
	fits := func(op *contract.Operation, sample string, body []byte) {
		t.Helper()
		at := "/paths/" + strings.ReplaceAll(op.Path, "/", "~1") + "/" + strings.ToLower(op.Method) + "/requestBody"
		if ref, ok := value.At(document, at+"/$ref"); ok {
			at = strings.TrimPrefix(ref.(string), "#")
		}
		at += "/content/application~1json/schema"
		schema, err := compiler.Compile("control.json#" + (&url.URL{Fragment: at}).EscapedFragment())
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s, %s: %#v", op.ID, sample, err)
		}
	}
	for _, op := range c.Operations {
		for _, s := range op.Samples {
			if body, ok := op.Request(s.Request); ok && s.Status < http.StatusBadRequest {
				fits(op, s.Name, body)
			}
		}
	}
	root, err := file.Parse("rules", []byte(everyMember))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := root.Value()
	if err != nil {
		t.Fatal(err)
	}
	fits(c.Operation("control.faults.create"), "everyMember", value.Append(nil, rules))
}

// Ensure real answers have exactly the members that the contract describes.
func TestAnswersAreDescribed(t *testing.T) {
	t.Parallel()
	all, got := describe(t), answers(t)
	for _, c := range components {
		list := got[c.name]
		if list == nil && !c.answer {
			continue
		}
		known, seen := paths(all.Object(c.name), ""), map[string]bool{}
		for _, v := range list {
			walk(v, "", known, seen)
		}
		for _, name := range known {
			if !seen[name] && !slices.Contains(c.rare, name) {
				t.Errorf("%s: no answer has %s", c.name, name)
			}
			delete(seen, name)
		}
		for _, name := range slices.Sorted(maps.Keys(seen)) {
			t.Errorf("%s: answers have %s, which the type does not", c.name, name)
		}
	}
}

// walk records the paths of the members of a value, as deep as the known paths are.
func walk(v any, at string, known []string, seen map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			walk(e, at, known, seen)
		}
	case map[string]any:
		for name, e := range v {
			seen[at+name] = true
			if slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, at+name+".") }) {
				walk(e, at+name+".", known, seen)
			}
		}
	}
}

// everyMember has rules that together have every member.
const everyMember = `[
	{name: first, use: freezer.clients.list/753, where: {path: /v1/clients}, when: {probability: 0}, phase: before, stealth: true, optional: true},
	{name: odd, where: {operation: "freezer.clients.list", path: /v1/clients}, when: {times: 1}, what: {status: 599}},
	{name: where, where: {sandbox: default, operation: [freezer.clients.create, "freezer.jobs.*"], method: POST, query: {a: null}, header: {X-A: b},
		caller: {user: nobody, token: t, project: p}, body: {/a: {equals: 1, exists: true, matches: x}}},
		when: {skip: 1, every: 2, during: {from: 0s, to: 1s, since: first}, after: {operation: freezer.*, count: 1}},
		what: {status: 503, example: unavailable, headers: {set: {X-A: a}, add: {X-B: b}, remove: [X-C]}, retry_after: 2s, delay: 1ms}, phase: after, continue: true},
	{name: late, where: {operation: privx.*}, when: {calls: [7]}, what: {status: 503, body: {a: 1}, dribble: {chunks: 2, over: 1s}, bandwidth: 9}},
	{name: odder, where: {operation: privx.*}, when: {calls: [7]}, what: {status: 503, patch: {a: 1}, malformed_body: json}},
	{name: broken, where: {operation: privx.*}, when: {calls: [7], after: {fault: odd}}, what: {connection: reset}},
	{name: rate, where: {operation: privx.*}, what: {rate_limit: {requests: 1, per: 1s, kind: bucket, by: caller}}},
	{name: other, where: {operation: privx.*}, what: {expire_token: true, page_cap: 1}},
]`

// answers returns answers of an emulator that together have every member, by component.
func answers(t *testing.T) map[string][]any {
	t.Helper()
	s := emulator.RunT(t)
	ask := func(method, path, body string, header ...string) any {
		t.Helper()
		w := recorded(s.Emulator(), method, path, body, header...)
		var v any
		if strings.HasPrefix(path, control.Prefix) || path == "/" {
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code >= http.StatusMultipleChoices && w.Code != http.StatusConflict {
				t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		}
		return v
	}
	member := func(v any, name string) []any {
		switch v := v.(type) {
		case []any:
			var all []any
			for _, e := range v {
				if m, ok := e.(map[string]any)[name]; ok {
					all = append(all, m)
				}
			}
			return all
		default:
			return []any{v.(map[string]any)[name]}
		}
	}
	rules := ask("POST", "/_standin/faults", everyMember)
	ask("PUT", "/_standin/clock", `{freeze: true}`)
	token := []string{"X-Auth-Token", "demo-token"}
	ask("GET", "/v1/clients?limit=1", "", token...)                               // a fault, a draw, an undocumented status
	ask("GET", "/v1/clients?limit=1", "", token...)                               // another attempt
	ask("GET", "/v1/client", "", token...)                                        // near
	ask("POST", "/v1/clients", strings.Repeat("x", 2*journal.KeptBody), token...) // a hash
	ask("POST", "/v1/clients", "\xff\xfe", token...)                              // base64
	ask("POST", "/v1/containers", `{"type": "generic", "name": "c"}`, token...)   // a change
	ask("POST", "/v1/clients", "\xff\xfe", token...)                              // a client error, repeated
	ask("POST", "/v1/clients", `{"client_id": "node9", "hostname": "node9"}`, append(token, "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")...)
	ask("DELETE", "/v1/clients/node9", "", token...)
	page := ask("GET", "/_standin/requests", "")
	differences := ask("GET", "/_standin/differences", "")
	box := ask("POST", "/_standin/sandboxes", `{name: a, scenario: unavailable, profile: observed, clock: {offset: 1h}, ttl: 1h}`)
	ask("GET", "/v3/images?provder=vm", "{}", "X-Standin-Sandbox", "a", "Authorization", "Basic bm9ib2R5Om5vYm9keQ==") // a quirk
	ask("POST", "/v1/clients", strings.Repeat("x", 2*journal.KeptBody), "X-Standin-Sandbox", "a")
	ask("GET", "/v1/clients", "", append(token, "X-Standin-Sandbox", "a", "X-Standin-Fault", "status=503; phase=after")...)
	for range 2 {
		ask("GET", "/v1/clients", "", append(token, "X-Standin-Sandbox", "a", "X-Standin-Fault", "status=503; retry_after=2s")...)
	}
	boxes := ask("GET", "/_standin/sandboxes/a/requests", "")
	other := ask("POST", "/_standin/sandboxes", `{for: verify}`)
	verdict := ask("POST", "/_standin/verify", `{no_unmatched: true}`, "X-Standin-Sandbox", member(other, "name")[0].(string))
	return map[string][]any{
		"Index":     {ask("GET", "/", "")},
		"Health":    {ask("GET", "/_standin/health", "")},
		"Sandbox":   {box, ask("GET", "/_standin/sandboxes", "")},
		"Clock":     member(box, "clock"),
		"ArmedRule": {rules, ask("GET", "/_standin/faults", "")},
		"Where":     member(rules, "where"),
		"When":      member(rules, "when"),
		"What":      member(rules, "what"),
		"Requests":  {page},
		"Coverage":  {ask("GET", "/_standin/reports/coverage", "", "X-Standin-Sandbox", "default")},
		"Entry":     append(member(page, "requests"), member(boxes, "requests")...),
		"Explanation": {
			ask("GET", "/_standin/requests/1/explanation", ""), ask("GET", "/_standin/requests/3/explanation", ""),
			ask("GET", "/_standin/requests/4/explanation", ""),
			ask("GET", "/_standin/sandboxes/a/requests/1/explanation", ""), ask("GET", "/_standin/sandboxes/a/requests/2/explanation", ""),
			ask("GET", "/_standin/sandboxes/a/requests/3/explanation", ""),
		},
		"Unread": {ask("GET", "/_standin/reports/unread", "")},
		"RecordChange": append(
			ask("GET", "/_standin/requests/8/changes", "").([]any), append(ask("GET", "/_standin/requests/9/changes", "").([]any), member(differences, "differences")...)...),
		"Differences": {differences},
		"Chains":      {ask("GET", "/_standin/sandboxes/a/chains", "")},
		"Collection":  {ask("GET", "/_standin/records", "")},
		"Records":     {ask("GET", "/_standin/records/barbican.containers", "")},
		"Note":        {note(t, s)},
		"Verdict":     {verdict},
		"Judgement":   member(verdict, "judgements"),
		"Retries":     {ask("GET", "/_standin/reports/retries", "")},
		"Operation":   {ask("GET", "/_standin/operations", "")},
		"Quirk":       {ask("GET", "/_standin/quirks", "")},
		"Scenario":    {ask("GET", "/_standin/scenarios", "")},
	}
}

// note returns the data of the first event, which is about a rule that was armed.
func note(t *testing.T, s *emulator.Server) any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/_standin/events?since=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var v any
			if err := json.Unmarshal([]byte(data), &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatal("there is no event")
	return nil
}
