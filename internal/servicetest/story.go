package servicetest

import (
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
)

// A Step is one exchange of a story.
type Step struct {
	Method, Path, Body string
	Status             int
	Want, Not          []string          // the body must contain all of Want and none of Not
	Caller             string            // default demo; see Login
	Header             map[string]string // headers to set; an empty value removes the header
}

// Has returns its arguments, for the Want and Not of a Step.
func Has(texts ...string) []string { return texts }

// Tell plays a story. It sends the requests of all steps in order to one emulator that starts
// from the fixture. Callers authenticate as the service requires. A body is sent as JSON.
func Tell(t *testing.T, service, fixture string, steps []Step, opts ...emulator.Option) {
	t.Helper()
	p := NewPlayer(t, append(opts, emulator.WithFixture(fixture))...)
	for i, s := range steps {
		resp, body := p.step(service, s)
		if resp.StatusCode != s.Status {
			t.Errorf("step %d, %s %s %s: %d %s, want %d", i, s.Method, s.Path, s.Body, resp.StatusCode, body, s.Status)
		}
		for _, text := range s.Want {
			if !strings.Contains(string(body), text) {
				t.Errorf("step %d, %s %s: no %s in %s", i, s.Method, s.Path, text, body)
			}
		}
		for _, text := range s.Not {
			if strings.Contains(string(body), text) {
				t.Errorf("step %d, %s %s: %s is in %s", i, s.Method, s.Path, text, body)
			}
		}
	}
}

func (p *Player) step(service string, s Step) (*http.Response, []byte) {
	p.t.Helper()
	req, err := http.NewRequest(s.Method, origin+s.Path, strings.NewReader(s.Body))
	if err != nil {
		p.t.Fatal(err)
	}
	p.Login(req, service, s.Caller)
	if s.Body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, v := range s.Header {
		req.Header.Set(name, v)
		if v == "" {
			req.Header.Del(name)
		}
	}
	return p.Do(req)
}
