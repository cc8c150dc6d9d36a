package freezer

import (
	"fmt"
	"testing"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

func lenient(refusal error) error { return refusal }

// searched returns a world with one client for each body.
func searched(tb testing.TB, user string, bodies ...string) *world.World {
	tb.Helper()
	tx := world.New(1).Begin()
	for i, text := range bodies {
		v, err := value.Parse([]byte(text))
		if err != nil {
			tb.Fatal(err)
		}
		clients.Put(tx, newClient(nil, "", user, fmt.Sprintf("n%d", i), v.(*value.Object)))
	}
	return tx.Commit()
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := searched(t, "u1",
		`{"client_id":"a","hostname":"h","n":1}`,
		`{"client_id":"b","hostname":"h","n":"1","client":{"hostname":"inner"}}`,
		`{"client_id":"c","hostname":"H","n":1.0,"deep":[{"deeper":{"key":"x"}}]}`,
		`{"client_id":"d","user_id":"u2","flag":true,"nothing":null}`,
	)
	tests := []struct {
		name, search string
		want         string // the client_ids that are found
	}{
		{"one pair", `{"match":[{"hostname":"h"}]}`, "a"}, // the inner hostname of b comes last
		{"last occurrence", `{"match":[{"hostname":"inner"}]}`, "b"},
		{"case counts", `{"match":[{"hostname":"H"}]}`, "c"},
		{"numbers by worth, not strings", `{"match":[{"n":1}]}`, "ac"},
		{"strings, not numbers", `{"match":[{"n":"1"}]}`, "b"},
		{"true is not 1", `{"match":[{"flag":1}]}`, ""},
		{"all pairs", `{"match":[{"hostname":"h"},{"n":2}]}`, ""},
		{"two pairs in one object", `{"match":[{"hostname":"h","n":1}]}`, "a"},
		{"any depth", `{"match":[{"key":"x"}]}`, "c"},
		{"the outer user_id", `{"match":[{"user_id":"u1"}]}`, "abcd"},
		{"an inner user_id does not count", `{"match":[{"user_id":"u2"}]}`, ""},
		{"match_not drops on any pair", `{"match_not":[{"client_id":"a"},{"hostname":"H"}]}`, "bd"},
		{"both", `{"match":[{"n":1}],"match_not":[{"client_id":"a"}]}`, "c"},
		{"a missing key is null", `{"match":[{"nosuch":null}]}`, "abcd"},
		{"a missing key is nothing else", `{"match":[{"nosuch":"x"}]}`, ""},
		{"a missing key is dropped as null", `{"match_not":[{"nosuch":null}]}`, ""},
		{"objects compare without order", `{"match":[{"deeper":{"key":"x"}}]}`, "c"},
		{"_all is a list in a string", `{"match":[{"_all":"[{\"client_id\":\"b\"}]"}],"match_not":[{"client_id":"b"}]}`, "b"},
		{"_all that is no JSON is ignored", `{"match":[{"_all":"b"}]}`, "abcd"},
		{"_all that is no list is ignored", `{"match":[{"_all":"{}"}]}`, "abcd"},
		{"nothing to match", `{"match":[],"match_not":null,"time_before":5}`, "abcd"},
		{"empty", `{}`, "abcd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := readSearch([]byte(tt.search), lenient)
			if err != nil {
				t.Fatal(err)
			}
			page := ofUser.Page(w, "u1", 0, 100, false)
			if s != nil {
				page = s.find(&service.Call{View: w}, "u1", 0, 0, 100)
			}
			got := ""
			for _, cl := range page {
				id, _ := cl.body().Get("client_id")
				got += id.(string)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		search string
		kind   service.Kind
		want   string
	}{
		{`{`, syntaxError, ""},
		{`{"match":[`, syntaxError, ""},
		{`[1]`, service.Invalid, "[1] is not of type 'object'"},
		{`"x"`, service.Invalid, "'x' is not of type 'object'"},
		{`42`, service.Invalid, "42 is not of type 'object'"},
		{`true`, service.Invalid, "True is not of type 'object'"},
		{`{"match":{"a":1}}`, service.Invalid, "{'a': 1} is not of type 'array'"},
		{`{"match_not":"x"}`, service.Invalid, "'x' is not of type 'array'"},
		{`{"match":[null]}`, service.Invalid, "None is not of type 'object'"},
		{`{"match":[{"_all":"[1]"}]}`, service.Invalid, "1 is not of type 'object'"},
	}
	for _, tt := range tests {
		_, err := readSearch([]byte(tt.search), lenient)
		if err == nil {
			t.Errorf("%s: accepted", tt.search)
			continue
		}
		if e := service.AsError(err); e.Kind != tt.kind || e.Message != tt.want {
			t.Errorf("%s: got %d %q, want %d %q", tt.search, e.Kind, e.Message, tt.kind, tt.want)
		}
	}
}

// FuzzSearch ensures that a search is refused with 753 or 400, or finds exactly the clients that
// a second, simple implementation finds.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{
		`{"match":[{"hostname":"h"}]}`, `{"match_not":[{"n":1}],"match":[{"x":{"y":[1,2.0]}}]}`,
		`{"match":[{"_all":"[{\"n\":1}]"}]}`, `[1]`, `{`, `{"match":{}}`, `{"match":[{"user_id":"u"}]}`,
	} {
		f.Add([]byte(s), []byte(`{"client_id":"a","hostname":"h","n":1,"x":{"y":[1,2]}}`))
	}
	f.Fuzz(func(t *testing.T, text, body []byte) {
		v, err := value.Parse(body)
		o, ok := v.(*value.Object)
		if err != nil || !ok {
			t.Skip()
		}
		s, err := readSearch(text, lenient)
		if err != nil {
			if k := service.AsError(err).Kind; k != syntaxError && k != service.Invalid {
				t.Fatalf("error of kind %d: %v", k, err)
			}
			return
		}
		if s == nil {
			return
		}
		tx := world.New(1).Begin()
		clients.Put(tx, newClient(nil, "", "u", "n", o))
		found := len(s.find(&service.Call{View: tx.Commit()}, "u", 0, 0, 10)) == 1
		if naive := naively(s, o, "u"); found != naive {
			t.Errorf("found %v, naively %v", found, naive)
		}
	})
}

// naively is that implementation: it lists every key of the item with its value and takes the
// last one.
func naively(s *search, body *value.Object, user string) bool {
	var all []value.Member
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case *value.Object:
			for _, m := range x.Members() {
				all = append(all, m)
				walk(m.Value)
			}
		}
	}
	walk(value.NewObject(value.Member{Name: "client", Value: body}, value.Member{Name: "user_id", Value: user}))
	last := func(key string) any {
		var v any
		for _, m := range all {
			if m.Name == key {
				v = m.Value
			}
		}
		return v
	}
	for _, p := range s.match {
		if !value.Equal(last(p.Name), p.Value) {
			return false
		}
	}
	for _, p := range s.not {
		if value.Equal(last(p.Name), p.Value) {
			return false
		}
	}
	return true
}
