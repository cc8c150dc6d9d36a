package emulator_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
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

// A player replays samples on an emulator.
type player struct {
	t      *testing.T
	client *http.Client
	byID   map[string]*contract.Operation
	loose  bool // samples that come before another need not bring their answer
}

func newPlayer(t *testing.T, opts ...emulator.Option) *player {
	t.Helper()
	opts = append([]emulator.Option{emulator.WithContractCheck(emulator.CheckAlways)}, opts...)
	e, err := emulator.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := e.Violations(); n != 0 {
			t.Errorf("%d answers broke their contract", n)
		}
		_ = e.Close()
	})
	p := &player{t: t, client: e.Client(), byID: map[string]*contract.Operation{}}
	for _, c := range contracts(t) {
		for _, op := range c.Operations {
			p.byID[op.ID] = op
		}
	}
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p
}

// play sends the request of a sample and returns the answer with its body.
func (p *player) play(op *contract.Operation, s contract.Sample) (*http.Response, []byte) {
	p.t.Helper()
	for _, before := range s.After {
		id, name, _ := strings.Cut(before, "/")
		first := p.byID[id]
		i := slices.IndexFunc(first.Samples, func(o contract.Sample) bool { return o.Name == name })
		if i < 0 {
			p.t.Fatalf("no sample %s", before)
		}
		if resp, body := p.play(first, first.Samples[i]); resp.StatusCode != first.Samples[i].Status && !p.loose {
			p.t.Fatalf("%s before: %d %s", before, resp.StatusCode, body)
		}
	}
	body := []byte{}
	switch {
	case s.Body != nil:
		body = []byte(*s.Body)
	case s.Request != "":
		var ok bool
		if body, ok = op.Request(s.Request); !ok {
			p.t.Fatalf("no example %q of the request body", s.Request)
		}
	}
	method := s.Method
	if method == "" {
		method = op.Method
	}
	req, err := http.NewRequest(method, "http://localhost:9311"+s.Target(op), bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	p.login(req, op.Service, s.Caller)
	for name, v := range s.Headers {
		req.Header.Set(name, v)
	}
	return p.do(req)
}

func (p *player) do(req *http.Request) (*http.Response, []byte) {
	p.t.Helper()
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, got
}

// login shows who a member of the cast is, in the way of the service.
func (p *player) login(req *http.Request, service, caller string) {
	if caller == "" {
		caller = "demo"
	}
	switch {
	case caller == "none" || service == "control":
	case caller == "unscoped":
		req.Header.Set("X-Auth-Token", p.unscoped())
	case service == "devops" && caller == "root":
		req.SetBasicAuth("root", "")
	case service == "devops":
		req.SetBasicAuth(caller, caller)
	case service == "privx":
		req.Header.Set("Authorization", "Bearer "+caller+"-token")
	default:
		req.Header.Set("X-Auth-Token", caller+"-token")
	}
}

// unscoped logs in without a project.
func (p *player) unscoped() string {
	p.t.Helper()
	create := p.byID["keystone.tokens.create"]
	i := slices.IndexFunc(create.Samples, func(s contract.Sample) bool { return s.Name == "unscoped" })
	resp, _ := p.play(create, create.Samples[i])
	return resp.Header.Get("X-Subject-Token")
}

// documents are the contracts as their documents have them, samples included.
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

func contracts(t *testing.T) []*contract.Contract {
	t.Helper()
	all, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// everywhere lists the operations of a contract, what it says of elsewhere, and the
// answers of its quirks.
func everywhere(c *contract.Contract) []*contract.Operation {
	all := append(slices.Clone(c.Operations), c.Elsewhere)
	for _, q := range c.Quirks {
		all = append(all, q.Answers)
	}
	return all
}

// Ensure every sample of every contract brings the answer that stands there.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, c := range contracts(t) {
		for _, op := range append(slices.Clone(c.Operations), c.Elsewhere) {
			for _, s := range op.Samples {
				t.Run(fmt.Sprintf("%s/%s/%s", c.Service, op.ID, s.Name), func(t *testing.T) {
					t.Parallel()
					fixture := s.Fixture
					if fixture == "" {
						fixture = "documented"
					}
					opts := []emulator.Option{emulator.WithFixture(fixture), emulator.WithHostHref(s.HostHref)}
					if s.TLS {
						opts = append(opts, emulator.WithTLS())
					}
					p := newPlayer(t, opts...)
					resp, body := p.play(op, s)
					checkSample(t, op, s, resp, body)
				})
			}
		}
	}
}

// Ensure every sample of every quirk brings its answer while the quirk is on, and
// another one while it is off.
func TestQuirks(t *testing.T) {
	t.Parallel()
	for _, c := range contracts(t) {
		for _, q := range c.Quirks {
			for _, s := range q.Samples {
				t.Run(q.Name+"/"+s.Name, func(t *testing.T) {
					t.Parallel()
					op := q.Answers
					if s.Operation != "" {
						op = c.Operation(s.Operation)
					}
					fixture := cmp.Or(s.Fixture, "documented")
					p := newPlayer(t, emulator.WithFixture(fixture), emulator.WithHostHref(s.HostHref), emulator.WithQuirks(q.Name))
					resp, body := p.play(op, s)
					checkSample(t, q.Answers, s, resp, body)
					p = newPlayer(t, emulator.WithFixture(fixture), emulator.WithHostHref(s.HostHref))
					usual, usualBody := p.play(op, s)
					same := usual.StatusCode == resp.StatusCode && bytes.Equal(usualBody, body)
					for name := range s.Answer {
						same = same && usual.Header.Get(name) == resp.Header.Get(name)
					}
					if same {
						t.Errorf("the quirk changes nothing: %d %s", usual.StatusCode, usualBody)
					}
				})
			}
		}
	}
}

func checkSample(t *testing.T, op *contract.Operation, s contract.Sample, resp *http.Response, body []byte) {
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
	if got := parse(t, body); !value.Equal(got, parse(t, s.Fill(want))) {
		t.Errorf("got  %s\nwant %s", body, s.Fill(want))
	}
}

func parse(t *testing.T, text []byte) any {
	t.Helper()
	v, err := value.Parse(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// Ensure every status of every operation is brought about by a request alone,
// but for those that only a fault brings; and that 413, which takes a body too
// large to stand in a contract, is the only other exception.
func TestEveryStatusHasASample(t *testing.T) {
	t.Parallel()
	for _, c := range contracts(t) {
		for _, op := range everywhere(c) {
			for _, r := range op.Responses {
				if r.FaultOnly || r.Status == http.StatusRequestEntityTooLarge {
					continue
				}
				if !slices.ContainsFunc(op.Samples, func(s contract.Sample) bool { return s.Status == r.Status }) {
					t.Errorf("%s %s: no sample brings %d", c.Service, op.ID, r.Status)
				}
			}
		}
	}
}

// Ensure every example of a response is what some sample brings, and every
// example of a request is sent.
func TestEveryExampleIsReplayed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{} // by SERVICE, status and name: examples may be shared
	for _, c := range contracts(t) {
		for _, op := range everywhere(c) {
			for _, s := range op.Samples {
				used[fmt.Sprint(c.Service, s.Status, s.Response)] = true
			}
		}
		for _, op := range everywhere(c) {
			for _, r := range op.Responses {
				for _, name := range r.Examples() {
					if !r.FaultOnly && !used[fmt.Sprint(c.Service, r.Status, name)] {
						t.Errorf("%s %s: the example %q of %d is what no sample brings", c.Service, op.ID, name, r.Status)
					}
				}
			}
		}
	}
}
