package explain_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/contract"
	"standin/internal/explain"
	"standin/internal/servicetest"
)

// explanation asks for the explanation of the newest exchange.
func explanation(t *testing.T, p *servicetest.Player) explain.Explanation {
	t.Helper()
	var page struct{ Last int }
	var x explain.Explanation
	read(t, p, "/_standin/requests?since=1000000", &page)
	read(t, p, fmt.Sprintf("/_standin/requests/%d/explanation", page.Last), &x)
	return x
}

func read(t *testing.T, p *servicetest.Player, path string, into any) {
	t.Helper()
	status, text := p.Call(http.MethodGet, path, "", "")
	if err := json.Unmarshal([]byte(text), into); status != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %s: %v", path, status, text, err)
	}
}

// player starts an emulator as a sample needs it.
func player(t *testing.T, s contract.Sample, opts ...emulator.Option) *servicetest.Player {
	t.Helper()
	return servicetest.NewPlayer(t, append(opts, emulator.WithFixture(cmp.Or(s.Fixture, "documented")), emulator.WithHostHref(s.HostHref))...)
}

// services are the contracts that requests are explained by.
func services(t *testing.T) []*contract.Contract {
	t.Helper()
	var all []*contract.Contract
	for _, c := range servicetest.Contracts(t) {
		if c.Service != "control" {
			all = append(all, c)
		}
	}
	return all
}

// unread has the samples that send what nothing reads, and what it is. Most of them are about that.
var unread = map[string]string{
	"devops.images.update/other-provider":            "body /provider",
	"devops.update-replaces-everything/without-name": "body /provider",
	"barbican.secret-acl.update/write":               "body /write",
	"barbican.secret-acl.replace/write":              "body /write",
	"barbican.container-acl.update/write":            "body /write",
	"barbican.container-acl.replace/write":           "body /write",
	"barbican.project-quotas.replace/unknown-names":  `body /project_quotas/foo; body /project_quotas/bar, did you mean "cas"?`,
	"barbican.consumers.delete/lower-case":           `body /url, did you mean "URL"?`,
	"barbican.external-project-id-is-500/list":       "query external_project_id", // no parameter, but it breaks the server
	"barbican.external-project-id-is-500/create":     "body /external_project_id",
	"/query-not-utf-8-outside-of-v1":                 "query (a name that is no word)",
}

// Ensure the explanation of every sample names its operation, and where the answer comes from. It
// finds what nothing reads, and nothing else.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, c := range services(t) {
		for _, op := range append(slices.Clone(c.Operations), c.Elsewhere) {
			for _, s := range op.Samples {
				t.Run(op.ID+"/"+s.Name, func(t *testing.T) {
					t.Parallel()
					p := player(t, s)
					p.Play(op, s)
					x := explanation(t, p)
					if x.Operation == nil && op != c.Elsewhere || x.Operation != nil && x.Operation.ID != op.ID && op != c.Elsewhere {
						t.Errorf("operation %v", x.Operation)
					}
					r := op.Response(s.Status)
					if a := x.Answer; a.Status != s.Status || a.Evidence != r.Evidence || a.Words == "" || op != c.Elsewhere && a.Words != r.Description() {
						t.Errorf("answer %+v, want %d %s %s", a, s.Status, r.Evidence, r.Description())
					}
					check(t, op.ID+"/"+s.Name, &x)
				})
			}
		}
	}
}

// check compares what nothing read with unread, and looks at the text.
func check(t *testing.T, sample string, x *explain.Explanation) {
	t.Helper()
	var found []string
	for _, u := range x.Unread {
		found = append(found, u.String())
	}
	if got := strings.Join(found, "; "); got != unread[sample] {
		t.Errorf("unread %q: %q,", sample, got)
	}
	text := x.String()
	if x.Operation != nil && !strings.Contains(text, x.Operation.ID) || !strings.Contains(text, x.Answer.Words) {
		t.Errorf("text:\n%s", text)
	}
}

// Ensure the explanation of every sample of a quirk names the quirk, and says where the answer
// comes from.
func TestQuirks(t *testing.T) {
	t.Parallel()
	for _, c := range services(t) {
		for _, q := range c.Quirks {
			for _, s := range q.Samples {
				t.Run(q.Name+"/"+s.Name, func(t *testing.T) {
					t.Parallel()
					p, op := player(t, s, emulator.WithQuirks(q.Name)), q.Answers
					if s.Operation != "" {
						op = c.Operation(s.Operation)
					}
					p.Play(op, s)
					x := explanation(t, p)
					want := []explain.Quirk{{Name: q.Name, Document: q.Document, Server: q.Server}}
					if s.Name == "kept" { // another operation asked for the quirk
						want = nil
					}
					if !slices.Equal(x.Quirks, want) {
						t.Errorf("quirks %+v", x.Quirks)
					}
					if x.Answer.Evidence == "" || s.Operation != "" && x.Operation.ID != s.Operation {
						t.Errorf("answer %+v of %+v", x.Answer, x.Operation)
					}
					check(t, q.Name+"/"+s.Name, &x)
				})
			}
		}
	}
}
