package servicetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"standin/emulator"
	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/value"
	"standin/schemas"
)

// Samples replays every sample of a service's contract, each in its own subtest. It compares the
// responses with those in the contract. It does not replay the samples of quirks.
func Samples(t *testing.T, service string) {
	t.Helper()
	c := Contract(t, service)
	for _, op := range append(slices.Clone(c.Operations), c.Elsewhere) {
		for _, s := range op.Samples {
			t.Run(op.ID+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				opts := started(s)
				if s.TLS {
					opts = append(opts, emulator.WithTLS())
				}
				resp, body := NewPlayer(t, opts...).Play(op, s)
				check(t, op, s, resp, body)
			})
		}
	}
}

// Quirks replays every sample of a service's quirks, each in its own subtest. With the quirk on,
// the response must be that of the contract. With the quirk off, it must be another one.
func Quirks(t *testing.T, service string) {
	t.Helper()
	c := Contract(t, service)
	for _, q := range c.Quirks {
		for _, s := range q.Samples {
			t.Run(q.Name+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				op := q.Answers
				if s.Operation != "" {
					op = c.Operation(s.Operation)
				}
				resp, body := NewPlayer(t, append(started(s), emulator.WithQuirks(q.Name))...).Play(op, s)
				check(t, q.Answers, s, resp, body)
				usual, defaultBody := NewPlayer(t, started(s)...).Play(op, s)
				same := usual.StatusCode == resp.StatusCode && bytes.Equal(defaultBody, body)
				for name := range s.Answer {
					same = same && usual.Header.Get(name) == resp.Header.Get(name)
				}
				if same {
					t.Errorf("the quirk changes nothing: %d %s", usual.StatusCode, defaultBody)
				}
			})
		}
	}
}

// started returns the options of the emulator for a sample.
func started(s contract.Sample) []emulator.Option {
	return []emulator.Option{emulator.WithFixture(cmp.Or(s.Fixture, "documented")), emulator.WithHostHref(s.HostHref)}
}

// check compares a response with the status, headers and body of the sample.
func check(t *testing.T, op *contract.Operation, s contract.Sample, resp *http.Response, body []byte) {
	t.Helper()
	if resp.StatusCode != s.Status {
		t.Fatalf("status %d, want %d; body %s", resp.StatusCode, s.Status, body)
	}
	for name, want := range s.Answer {
		if got := resp.Header.Get(name); got != string(s.Fill([]byte(want))) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	spec := op.Response(s.Status)
	if spec == nil {
		t.Fatalf("status %d is not in the contract", s.Status)
	}
	if s.Response == "" {
		if len(spec.MediaTypes) == 0 && len(body) > 0 {
			t.Errorf("body %s, want none", body)
		}
		return
	}
	want, ok := spec.Example(s.Response)
	if !ok {
		t.Fatalf("no example %q of %d", s.Response, s.Status)
	}
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if !slices.Contains(spec.MediaTypes, mediaType) {
		t.Errorf("content type %q, want one of %q", mediaType, spec.MediaTypes)
	}
	if !strings.Contains(mediaType, "json") {
		var text string
		_ = json.Unmarshal(want, &text)
		if string(body) != text {
			t.Errorf("got %s\nwant %s", body, text)
		}
		return
	}
	if got := Parse(t, body); !value.Equal(got, Parse(t, s.Fill(want))) {
		t.Errorf("got  %s\nwant %s", body, s.Fill(want))
	}
}

// documents are the contracts with their samples.
var documents = sync.OnceValues(func() ([]*contract.Contract, error) {
	var all []*contract.Contract
	for _, name := range catalog.Names() {
		data, err := fs.ReadFile(schemas.FS, name+".yaml")
		if err != nil {
			return nil, err
		}
		parsed, err := contract.Parse("schemas/"+name+".yaml", data)
		if err != nil {
			return nil, err
		}
		all = append(all, parsed)
	}
	return all, nil
})

// Contracts returns all contracts with their samples. They are shared and must not be changed.
func Contracts(t testing.TB) []*contract.Contract {
	t.Helper()
	all, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Contract returns the contract of a service with its samples. It ends the test if there is none.
func Contract(t testing.TB, service string) *contract.Contract {
	t.Helper()
	all := Contracts(t)
	i := slices.IndexFunc(all, func(c *contract.Contract) bool { return c.Service == service })
	if i < 0 {
		t.Fatalf("no contract of %q", service)
	}
	return all[i]
}

// Everywhere returns the operations of a contract, the responses outside of them, and those of
// its quirks.
func Everywhere(c *contract.Contract) []*contract.Operation {
	all := append(slices.Clone(c.Operations), c.Elsewhere)
	for _, q := range c.Quirks {
		all = append(all, q.Answers)
	}
	return all
}
