package core_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"standin/internal/core"
	"standin/internal/sandbox"
)

// Ensure the zero options make an emulator that answers.
func TestZeroOptions(t *testing.T) {
	t.Parallel()
	e, err := core.New(core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/": http.StatusOK, "/v1/clients": http.StatusUnauthorized, "/_standin/health": http.StatusOK} {
		w := httptest.NewRecorder()
		e.Path.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
}

// Ensure options out of their ranges are refused.
func TestOptionsHaveRanges(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(o *core.Options){
		"limits of the journal": func(o *core.Options) { o.Sandboxes.Journal.Bytes = -1 },
		"limits of sandboxes":   func(o *core.Options) { o.Sandboxes.Max = new(-1) },
		"limit of connections":  func(o *core.Options) { o.Transport.Connections = -1 },
		"host href":             func(o *core.Options) { o.Catalog.HostHref = "ftp://h" },
	} {
		o := core.Options{}
		change(&o)
		if _, err := core.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Ensure a sandbox that is reset while scenarios are applied has the world and the rules of one
// start.
func TestResetBesideApply(t *testing.T) {
	t.Parallel()
	e, err := core.New(core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Sandboxes.Default()
	for range 50 {
		var wg sync.WaitGroup
		for _, name := range []string{"unavailable", "quota-reached"} {
			wg.Go(func() {
				if err := s.Apply(sandbox.Plan{Scenario: name}); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { _ = s.Reset(nil, "") })
		}
		wg.Wait()
		if st := s.Start(); s.World() != st.World || len(s.RuleNames()) != len(st.Rules) {
			t.Fatalf("the world or the rules (%v) are not those of the scenario %s", s.RuleNames(), st.Scenario)
		}
	}
}
