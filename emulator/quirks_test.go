package emulator_test

import (
	"cmp"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/contract"
	"standin/internal/ruleset"
	"standin/internal/servicetest"
)

// A place is a URL for requests, and whether the quirk of the upper case is on there.
type place struct {
	name, path string
	on         bool
}

// spelling registers a consumer in the spelling of the documents, which the quirk refuses.
func spelling(p *servicetest.Player, inside string) int {
	code, _ := p.Call(http.MethodPost, inside+"/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers", "demo", `{"name": "a", "url": "b"}`)
	return code
}

const upperCase = "barbican.url-must-be-upper-case"

// Ensure profile and quirks can be set for the emulator, by a scenario, and for a sandbox. Ensure
// later names take precedence, and settings of servers are in no profile.
func TestProfiles(t *testing.T) {
	t.Parallel()
	scenario := func(text string) emulator.Option {
		file := filepath.Join(t.TempDir(), "s.yaml")
		if err := os.WriteFile(file, []byte("name: s\nfixture: documented\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		return emulator.WithScenario(file)
	}
	for _, c := range []struct {
		name string
		opts []emulator.Option
		on   bool
	}{
		{"default", nil, false},
		{"documented", []emulator.Option{emulator.WithProfile("documented")}, false},
		{"observed", []emulator.Option{emulator.WithProfile(emulator.ProfileObserved)}, true},
		{"by name", []emulator.Option{emulator.WithQuirks(upperCase)}, true},
		{"by glob", []emulator.Option{emulator.WithQuirks("barbican.*")}, true},
		{"another one", []emulator.Option{emulator.WithQuirks("barbican.wrong-*")}, false},
		{"observed but for one", []emulator.Option{emulator.WithProfile("observed"), emulator.WithQuirks("-" + upperCase)}, false},
		{"off, then on", []emulator.Option{emulator.WithQuirks("-barbican.*", upperCase)}, true},
		{"scenario's quirk", []emulator.Option{scenario("quirks: [" + upperCase + "]")}, true},
		{"scenario's profile", []emulator.Option{scenario("profile: observed")}, true},
		{"scenario's profile but for one", []emulator.Option{scenario("profile: observed\nquirks: [-" + upperCase + "]")}, false},
		{"option before scenario", []emulator.Option{scenario("profile: observed"), emulator.WithProfile("documented")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := servicetest.NewPlayer(t, append([]emulator.Option{emulator.WithDefaultFixture("documented")}, c.opts...)...)
			want := http.StatusOK
			if c.on {
				want = http.StatusBadRequest
			}
			if got := spelling(p, ""); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
			if code, _ := p.Call(http.MethodGet, "/v1/quotas", "reader", ""); code != http.StatusForbidden {
				t.Errorf("a setting is on: %d", code)
			}
		})
	}
}

// Ensure unknown names are reported, with similar ones.
func TestUnknownQuirks(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]emulator.Option{
		`no profile "observe", did you mean "observed"?`:                                emulator.WithProfile("observe"),
		`no quirk "barbican.url-must-be-uppercase", did you mean "` + upperCase + `"?;`: emulator.WithQuirks("barbican.url-must-be-uppercase"),
		`no quirk "nova.*"`: emulator.WithQuirks("nova.*"),
		`no quirk ""`:       emulator.WithQuirks(""),
	} {
		if _, err := emulator.New(opt); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
}

// Ensure a sandbox has its own quirks, takes those of the emulator and of the sandbox that it is
// forked from, and keeps them on reset.
func TestQuirksOfSandboxes(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture("documented"), emulator.WithQuirks("barbican.wrong-location-header"))
	for _, body := range []string{
		`{"name": "observed", "profile": "observed"}`, `{"name": "one", "quirks": ["` + upperCase + `"]}`,
		`{"name": "fork", "fork": "one"}`, `{"name": "plain"}`, `{"name": "documented", "profile": "documented"}`,
	} {
		if code, text := p.Call(http.MethodPost, "/_standin/sandboxes", "", body); code != http.StatusCreated {
			t.Fatalf("%s: %d %s", body, code, text)
		}
	}
	for round := range 2 {
		for _, at := range []place{
			{"default", "", false}, {"observed", "/~observed", true}, {"one", "/~one", true}, {"fork", "/~fork", true}, {"plain", "/~plain", false},
		} {
			want := http.StatusOK
			if at.on {
				want = http.StatusBadRequest
			}
			if got := spelling(p, at.path); got != want {
				t.Errorf("round %d, %s: %d, want %d", round, at.name, got, want)
			}
			if code, text := p.Call(http.MethodPost, at.path+"/_standin/reset", "", ""); code != http.StatusNoContent {
				t.Errorf("reset: %d %s", code, text)
			}
		}
	}
	for name, want := range map[string]string{
		"one":        `"profile":"documented","quirks":["` + upperCase + `","barbican.wrong-location-header"]`,
		"plain":      `"profile":"documented","quirks":["barbican.wrong-location-header"]`,
		"documented": `"profile":"documented","faults"`,
	} {
		if _, text := p.Call(http.MethodGet, "/_standin/sandboxes/"+name, "", ""); !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", name, text, want)
		}
	}
	if _, text := p.Call(http.MethodGet, "/_standin/sandboxes/one/quirks", "", ""); !strings.Contains(text, `{"name":"`+upperCase+`","on":true`) {
		t.Errorf("quirks: %s", text)
	}
	code, text := p.Call(http.MethodPost, "/_standin/sandboxes", "", `{"name": "x", "quirks": ["barbican.nothing"]}`)
	if code != http.StatusBadRequest || !strings.Contains(text, "no quirk") {
		t.Errorf("unknown: %d %s", code, text)
	}
}

// Ensure quirks explain each documented sample that the observed profile answers differently. One
// of the quirks of its operation must change the answer alone. Without them, the answer must be the
// documented one.
func TestObservedSamplesAreExplained(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
		for _, op := range c.Operations {
			for _, s := range op.Samples {
				if r := op.Response(s.Status); r == nil || r.Evidence != contract.Document {
					continue
				}
				t.Run(op.ID+"/"+s.Name, func(t *testing.T) {
					t.Parallel()
					attribute(t, c, op, s)
				})
			}
		}
	}
}

func attribute(t *testing.T, c *contract.Contract, op *contract.Operation, s contract.Sample) {
	t.Helper()
	answer := func(opts ...emulator.Option) string {
		opts = append(opts, emulator.WithFixture(cmp.Or(s.Fixture, "documented")), emulator.WithHostHref(s.HostHref))
		p := servicetest.NewPlayer(t, opts...)
		p.Loose = true
		resp, body := p.Play(op, s)
		return resp.Status + " " + string(body)
	}
	documented := answer()
	if answer(emulator.WithProfile(emulator.ProfileObserved)) == documented {
		return
	}
	var off, alone []string
	for _, q := range c.Quirks {
		if !concerns(q, op, s) {
			continue
		}
		off = append(off, "-"+q.Name)
		if answer(emulator.WithQuirks(q.Name)) != documented {
			alone = append(alone, q.Name)
		}
	}
	t.Logf("changed by %q", alone)
	if len(alone) == 0 {
		t.Errorf("no quirk of the operation explains it alone")
	}
	if got := answer(emulator.WithProfile(emulator.ProfileObserved), emulator.WithQuirks(off...)); got != documented {
		t.Errorf("without %q still\n%s\nnot\n%s", off, got, documented)
	}
}

// concerns reports whether a quirk changes the operation, or one that the sample needs before.
func concerns(q *contract.Quirk, op *contract.Operation, s contract.Sample) bool {
	if q.Changes(op.ID) {
		return true
	}
	return slices.ContainsFunc(s.After, func(before string) bool {
		id, _, _ := strings.Cut(before, "/")
		return q.Changes(id)
	})
}

// Ensure an error keeps its contract in every form. Each sample is sent again with other Accept
// headers, in both profiles.
func TestErrorsInEveryForm(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{ruleset.Documented, ruleset.Observed} {
		for _, accept := range []string{"application/xml", "text/html", "text/plain", "application/json;q=0.1, text/xml", "image/png"} {
			for _, c := range servicetest.Contracts(t) {
				t.Run(profile+"/"+accept+"/"+c.Service, func(t *testing.T) {
					t.Parallel()
					p := servicetest.NewPlayer(t, emulator.WithFixture("documented"), emulator.WithProfile(emulator.Profile(profile)))
					p.Loose = true
					for _, op := range servicetest.Everywhere(c) {
						for _, s := range op.Samples {
							s.Headers = maps.Clone(s.Headers)
							if s.Headers == nil {
								s.Headers = map[string]string{}
							}
							s.Headers["Accept"] = accept
							of := op
							if s.Operation != "" {
								of = p.Operation(s.Operation)
							}
							p.Play(of, s)
							p.Call(http.MethodPost, "/_standin/reset", "", "")
						}
					}
				})
			}
		}
	}
}
