package parity

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/internal/value"
)

func stories(t *testing.T) []Story {
	t.Helper()
	all, err := Stories("")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// each plays every story with the options and calls check with the result.
func each(t *testing.T, opts func(Story) []emulator.Option, check func(Result, Story) error) {
	for _, s := range stories(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			r, err := Against(t.Context(), ".", s, opts(s)...)
			if err == nil {
				err = check(r, s)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Ensure Standin responds like the real servers in the observed profile.
func TestObserved(t *testing.T) {
	t.Parallel()
	each(t,
		func(Story) []emulator.Option { return []emulator.Option{emulator.WithProfile("observed")} },
		func(r Result, s Story) error { return Judge(r, s, false) })
}

// Ensure responses in the documented profile differ only if an exchange names quirks. Ensure
// those exchanges do differ.
func TestDocumented(t *testing.T) {
	t.Parallel()
	each(t,
		func(Story) []emulator.Option { return nil },
		func(r Result, s Story) error { return Judge(r, s, true) })
}

// Ensure a story has no differences with exactly the quirks that it names.
func TestNamedQuirks(t *testing.T) {
	t.Parallel()
	each(t,
		func(s Story) []emulator.Option { return []emulator.Option{emulator.WithQuirks(quirks(s)...)} },
		func(r Result, s Story) error { return Judge(r, s, false) })
}

func quirks(s Story) []string {
	var all []string
	for _, x := range s.Exchanges {
		all = append(all, x.Quirks...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Ensure every story has a recording and every recording a story. Ensure the recordings name the
// versions of the servers.
func TestRecordings(t *testing.T) {
	t.Parallel()
	var told, recorded []string
	for _, s := range stories(t) {
		told = append(told, s.Name)
	}
	err := filepath.WalkDir("recordings", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Dir(name) != "recordings" {
			recorded = append(recorded, strings.TrimSuffix(filepath.ToSlash(name[len("recordings/"):]), ".json"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(told)
	slices.Sort(recorded)
	if !slices.Equal(told, recorded) {
		t.Errorf("stories    %v\nrecordings %v", told, recorded)
	}
	text, err := os.ReadFile("recordings/versions.json")
	if err != nil {
		t.Fatal(err)
	}
	var v Versions
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"barbican-api", "freezer-api", "keystone"} {
		if v.Recorded == "" || v.Packages[p] == "" {
			t.Errorf("versions.json does not say which %s was recorded, and when", p)
		}
	}
}

// Ensure Compare reports each kind of difference.
func TestCompare(t *testing.T) {
	t.Parallel()
	real := Answer{Status: 200, Reason: "OK", Headers: map[string]string{"Vary": "a"}, Body: json.RawMessage(`{"a":[1,{"b":"x"}],"c":null}`)}
	for name, c := range map[string]struct {
		change func(a *Answer)
		want   string
	}{
		"nothing":          {func(*Answer) {}, ""},
		"order and case":   {func(a *Answer) { a.Reason, a.Body = "ok", json.RawMessage(`{"c":null,"a":[1.0,{"b":"x"}]}`) }, ""},
		"status":           {func(a *Answer) { a.Status = 201 }, "status: real 200, Standin 201"},
		"reason":           {func(a *Answer) { a.Reason = "Fine" }, `reason: real "OK", Standin "Fine"`},
		"header":           {func(a *Answer) { a.Headers = map[string]string{"Vary": "b"} }, `header Vary: real "a", Standin "b"`},
		"header missing":   {func(a *Answer) { a.Headers = nil }, `header Vary: real "a", Standin none`},
		"header added":     {func(a *Answer) { a.Headers = map[string]string{"Vary": "a", "Allow": ""} }, `header Allow: real none, Standin ""`},
		"member":           {func(a *Answer) { a.Body = json.RawMessage(`{"a":[1,{"b":"y"}],"c":null}`) }, `body /a/1/b: real "x", Standin "y"`},
		"member missing":   {func(a *Answer) { a.Body = json.RawMessage(`{"a":[1,{"b":"x"}]}`) }, `body /c: real null, Standin none`},
		"member added":     {func(a *Answer) { a.Body = json.RawMessage(`{"a":[1,{"b":"x"}],"c":null,"d":1}`) }, `body /d: real none, Standin 1`},
		"element missing":  {func(a *Answer) { a.Body = json.RawMessage(`{"a":[1],"c":null}`) }, `body /a: real [1,{"b":"x"}], Standin [1]`},
		"order in a list":  {func(a *Answer) { a.Body = json.RawMessage(`{"a":[{"b":"x"},1],"c":null}`) }, "body /a/0: real 1, Standin {\"b\":\"x\"}\nbody /a/1: real {\"b\":\"x\"}, Standin 1"},
		"text for JSON":    {func(a *Answer) { a.Body, a.Text = nil, "x" }, `body: real {"a":[1,{"b":"x"}],"c":null}, Standin x`},
		"nothing in place": {func(a *Answer) { a.Body = nil }, `body: real {"a":[1,{"b":"x"}],"c":null}, Standin empty`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours := real
			c.change(&ours)
			if got := strings.Join(Compare(real, ours), "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Ensure changing values become placeholders, and others do not.
func TestNormal(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	p := NewPlayer(Servers{"barbican": "http://127.0.0.1:90", "freezer": "http://127.0.0.1:9090"}, Story{Server: "barbican", text: "8a0a0d3c-7a4e-4a4e-9d4b-1d1c3c3c3c3c"}, time.Now)
	p.windows = []window{{`make "x"`, at, at.Add(time.Second)}}
	p.vars["secret"] = "http://127.0.0.1:90/v1/secrets/1a0a0d3c-7a4e-4a4e-9d4b-1d1c3c3c3c3c"
	p.vars["id.member"] = "0123456789abcdef0123456789abcdef"
	for text, want := range map[string]string{
		"http://127.0.0.1:9090/v1":                            "<freezer>/v1",
		p.vars["secret"] + "/acl":                             "<barbican>/v1/secrets/<secret>/acl",
		"u 0123456789abcdef0123456789abcdef":                  "u <id.member>",
		"x 1123456789abcdef0123456789abcdef":                  "x <hex>",
		"8a0a0d3c-7a4e-4a4e-9d4b-1d1c3c3c3c3c":                "8a0a0d3c-7a4e-4a4e-9d4b-1d1c3c3c3c3c",
		"9a0a0d3c-7a4e-4a4e-9d4b-1d1c3c3c3c3c":                "<uuid>",
		"req-9a0a0d3c-7a4e-4a4e-9d4b-1d1c3c3c3c3c":            "<request-id>",
		"2026-01-02T03:04:06.500000":                          "<time.6 in make x>",
		"2026-01-02T03:04:07.500000":                          "<time.6>",
		"2026-01-02T03:04:06.000000Z":                         "<time.6Z>",
		"2026-01-02T03:04:06Z":                                "<time.0Z>",
		`{"audit_ids": ["a-b_C"]}`:                            `{"audit_ids": ["<audit>"]}`,
		`{"description": "Mysql operation failed (a \"b\")"}`: `{"description": "Mysql operation failed (<driver>)"}`,
		"nothing of it":                                       "nothing of it",
	} {
		if got := p.normal(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// Ensure lists without an order are sorted, and others are not.
func TestArrange(t *testing.T) {
	t.Parallel()
	const body = `{"read":{"users":["b",[2,1],"a"]},"list":["b","a"]}`
	for want, all := range map[string]bool{
		`{"read":{"users":["a","b",[1,2]]},"list":["b","a"]}`: false,
		`{"read":{"users":["a","b",[1,2]]},"list":["a","b"]}`: true,
	} {
		v, err := value.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if arrange(v, all); string(value.Append(nil, v)) != want {
			t.Errorf("all lists %v: got %s, want %s", all, value.Append(nil, v), want)
		}
	}
}

// Ensure Judge accepts the differences that a story names, and no others.
func TestJudge(t *testing.T) {
	t.Parallel()
	plain, quirky, other := Exchange{Name: "plain", entry: 0}, Exchange{Name: "quirky", entry: 1, Quirks: []string{"a.b"}}, Exchange{Name: "other", entry: 2, Differs: "why"}
	s := Story{Name: "s", Exchanges: []Exchange{plain, quirky, {Name: "quirky too", entry: 1, Quirks: []string{"a.b"}}, other}}
	result := func(all ...Exchange) Result {
		r := Result{}
		for _, x := range all {
			r.Differences = append(r.Differences, Difference{x, []string{"line"}})
		}
		return r
	}
	for name, c := range map[string]struct {
		r          Result
		documented bool
		wrong      int
	}{
		"all accounted for":        {result(quirky, other), true, 0},
		"not in observed":          {result(quirky, other), false, 1},
		"observed":                 {result(other), false, 0},
		"a difference unaccounted": {result(plain, quirky, other), true, 1},
		"a quirk without effect":   {result(other), true, 1},
		"a reason without effect":  {result(quirky), true, 1},
	} {
		err := Judge(c.r, s, c.documented)
		n := 0
		if err != nil {
			n = len(err.(interface{ Unwrap() []error }).Unwrap())
		}
		if n != c.wrong {
			t.Errorf("%s: %d problems, want %d: %v", name, n, c.wrong, err)
		}
	}
}
