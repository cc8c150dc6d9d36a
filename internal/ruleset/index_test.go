package ruleset

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/identity"
	"standin/internal/service"
)

// pick returns one of several texts; often the empty one.
func pick(r *rand.Rand, all ...string) string {
	if r.IntN(3) > 0 {
		return ""
	}
	return all[r.IntN(len(all))]
}

// anyWhere returns a random where, of few words so that many requests fit it.
func anyWhere(r *rand.Rand) fault.Where {
	w := fault.Where{
		Operation: pick(r, "s.list", "s.*", "*.list, !s.x"), Method: pick(r, "GET", "post", "PUT"),
		Path:   pick(r, "/a", "/a/b", "/a/*", "/*/b", "*", "/a/{id}", "/a/{x}/c", "/{y}", "/p/a"),
		Caller: fault.Caller{User: pick(r, "ann", "a*", "*n", "1"), Token: pick(r, "t1", "t*")},
	}
	if name := pick(r, "q", "p"); name != "" {
		v := pick(r, "1", "1*", "*")
		w.Query = map[string]*string{name: &v, "z": nil}
	}
	if name := pick(r, "x-tag", "Host"); name != "" {
		v := pick(r, "one", "o*", "h")
		w.Header = map[string]*string{name: &v}
	}
	if pointer := pick(r, "/name", "/n"); pointer != "" {
		no := false
		w.Body = map[string]fault.BodyTest{pointer: []fault.BodyTest{{Equals: "a"}, {Equals: "b"}, {Exists: &no}, {Equals: "a", Exists: &no}}[r.IntN(4)]}
	}
	return w
}

// anyCall returns a random call.
func anyCall(r *rand.Rand) *service.Call {
	path := []string{"/a", "/a/b", "/a/b/c", "/b", "/a/{id}"}[r.IntN(5)]
	c := &service.Call{
		Method: []string{"GET", "POST", "PUT"}[r.IntN(3)], Path: path, Sent: []string{"", "/p"}[r.IntN(2)] + path, Host: "h",
		RawQuery: []string{"", "q=1", "q=12&p=1", "z=1"}[r.IntN(4)], Body: []byte([]string{"", `{"name":"a"}`, `{"name":"b","n":"a"}`, `[1]`}[r.IntN(4)]),
		Header: http.Header{"Content-Type": {"application/json"}},
	}
	if r.IntN(2) == 0 {
		c.Header["X-Tag"] = []string{"two", "one"}
	}
	if r.IntN(3) > 0 {
		c.Operation = &contract.Operation{ID: []string{"s.list", "s.x", "t.list"}[r.IntN(3)], Path: []string{"/a", "/a/{id}"}[r.IntN(2)]}
	}
	if r.IntN(3) > 0 {
		c.Caller = &identity.Caller{ID: "1", Name: []string{"ann", "bob"}[r.IntN(2)], Token: &identity.Token{ID: "t1"}}
	}
	return c
}

// Ensure a set decides as if it compared the request with each rule: which rules fit, in order, and
// the first rules that nearly fit.
func TestIndexFindsAllRules(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		var rules []fault.Rule
		for i := range 1 + r.IntN(60) {
			rules = append(rules, fault.Rule{Name: fmt.Sprint(i), Where: anyWhere(r), Continue: true, When: fault.When{Times: new(0)}})
		}
		var s Set
		if _, err := s.Arm(rules...); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			c := anyCall(r)
			var fits, near []string
			x := &subject{Call: c}
			for _, a := range s.rules {
				if !a.about(c.Operation) {
					continue
				}
				ok, miss := a.fit(x)
				if ok {
					fits = append(fits, a.Name)
				} else if miss != nil && len(near) < maxMisses {
					near = append(near, "rule "+a.Name+": "+miss.why(x))
				}
			}
			var got []string
			d := s.Decide(c, "box", nil)
			for _, v := range d.Verdicts {
				got = append(got, v.Rule)
			}
			if !slices.Equal(got, fits) || !slices.Equal(d.Misses, near) {
				t.Fatalf("seed %d, %s %s: rules %v, want %v; near %q, want %q", seed, c.Method, c.Path, got, fits, d.Misses, near)
			}
		}
	}
}

// BenchmarkIdleRules measures a request that fits none of 1,000 rules, by what they name.
func BenchmarkIdleRules(b *testing.B) {
	value := func(i int) *string { v := fmt.Sprintf("value-%d", i); return &v }
	for _, kind := range []struct {
		name  string
		where func(i int) fault.Where
	}{
		{"none", nil},
		{"operation", func(i int) fault.Where { return fault.Where{Operation: fmt.Sprintf("other-%d.*", i)} }},
		{"method", func(i int) fault.Where { return fault.Where{Method: fmt.Sprintf("M%d", i)} }},
		{"path", func(i int) fault.Where { return fault.Where{Path: fmt.Sprintf("/v1/clients/node%d/*", i)} }},
		{"query", func(i int) fault.Where { return fault.Where{Query: map[string]*string{"name": value(i)}} }},
		{"header", func(i int) fault.Where { return fault.Where{Header: map[string]*string{"X-Tag": value(i)}} }},
		{"caller", func(i int) fault.Where { return fault.Where{Caller: fault.Caller{User: *value(i)}} }},
		{"body", func(i int) fault.Where {
			return fault.Where{Body: map[string]fault.BodyTest{"/name": {Equals: *value(i)}}}
		}},
		{"operation-and-path", func(i int) fault.Where {
			return fault.Where{Operation: "s.*", Path: fmt.Sprintf("/v1/clients/node%d", i)}
		}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			var s Set
			for i := range 1000 {
				if kind.where != nil {
					if _, err := s.Arm(fault.Rule{Where: kind.where(i)}); err != nil {
						b.Fatal(err)
					}
				}
			}
			c := &service.Call{
				Method: "GET", Path: "/v1/clients/a", Sent: "/v1/clients/a", Host: "h", RawQuery: "name=a&limit=5", Body: []byte(`{"name":"a"}`),
				Operation: &contract.Operation{ID: "s.list", Path: "/v1/clients/{id}"}, Header: http.Header{"X-Tag": {"a"}},
				Caller: &identity.Caller{ID: "1", Name: "ann", Token: &identity.Token{ID: "t1"}},
			}
			b.ReportAllocs()
			for b.Loop() {
				if d := s.Decide(c, "box", nil); d.Acts() {
					b.Fatal(d)
				}
			}
		})
	}
}
