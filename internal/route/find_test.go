package route

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"standin/internal/contract"
)

// Ensure a path is found as gorilla/mux finds it among all paths of a contract, those with few
// parameters first.
func TestFind(t *testing.T) {
	t.Parallel()
	c := &contract.Contract{}
	for _, path := range []string{
		"/", "/v1", "/v1/clients", "/v1/clients/{id}", "/v1/{kind}/all", "/v1/{kind}/{id}", "/v1/{kind}/{id}/parts/{part}", "/v1/clients/{id}/parts/{part}",
		"/{version}/clients/{id}", "/{any}", "/v2/x{y}/z", "/v2/{y}/z", "/v2/xy/{z}",
	} {
		c.Operations = append(c.Operations, &contract.Operation{ID: path, Method: http.MethodGet, Path: path})
	}
	l := newLayout(c)
	if err := l.router().err; err != nil {
		t.Fatal(err)
	}
	plain := mux.NewRouter().SkipClean(true)
	templates := []string{}
	for _, op := range c.Operations {
		templates = append(templates, op.Path)
	}
	slices.SortStableFunc(templates, func(a, b string) int { return cmp.Compare(strings.Count(a, "{"), strings.Count(b, "{")) })
	for _, path := range templates {
		plain.Path(path).Name(path)
	}
	b := &Bound{Contract: c, layout: l}
	words := []string{"v1", "v2", "clients", "all", "parts", "xy", "x", "z", "", "a b", "{id}"}
	r := rand.New(rand.NewPCG(1, 2))
	found := map[string]bool{}
	for range 20_000 {
		var at strings.Builder
		for range r.IntN(6) {
			at.WriteString("/" + words[r.IntN(len(words))])
		}
		var m mux.RouteMatch
		want := ""
		if plain.Match(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: at.String()}}, &m) {
			want = m.Route.GetName()
		}
		got := ""
		p, vars := b.Find(at.String())
		if p != nil {
			got = c.Operations[p.numbers[0]].Path
		}
		if got != want || !maps.Equal(vars, m.Vars) {
			t.Errorf("%s: %q %v, want %q %v", at.String(), got, vars, want, m.Vars)
		}
		found[got] = true
	}
	if len(found) != len(templates)+1 {
		t.Errorf("only %v were found", slices.Sorted(maps.Keys(found)))
	}
}
