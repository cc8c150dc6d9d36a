package emulator_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/servicetest"
)

// FuzzRequest ensures that no request brings a 500, a panic or an answer that violates its
// contract. An incomplete request must change nothing. The seeds are the contracts' samples, whole
// and cut. FuzzWire does the same over connections.
func FuzzRequest(f *testing.F) {
	all, err := catalog.Contracts()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range all {
		for _, op := range servicetest.Everywhere(c) {
			for _, s := range op.Samples {
				raw := rawRequest(f, op, s)
				f.Add(raw)
				f.Add(raw[:len(raw)-1])
			}
		}
	}
	e, err := emulator.New(emulator.WithFixture("documented"), emulator.WithContractCheck(emulator.CheckAlways))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil || strings.Contains(string(raw), "generate") {
			t.Skip()
		}
		e.Reset()
		before, state := e.Violations(), recorded(e, "GET", "/_standin/state", "").Body.String()
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError {
			t.Errorf("500: %s", w.Body)
		}
		if e.Violations() != before {
			t.Errorf("%d %v %s breaks the contract", w.Code, w.Header(), w.Body)
		}
		if after := recorded(e, "GET", "/_standin/state", "").Body.String(); !whole(raw) && after != state {
			t.Errorf("the world changed to %s; the answer was %d %s", after, w.Code, w.Body)
		}
	})
}

// rawRequest returns a sample's request in the form that is sent.
func rawRequest(tb testing.TB, op *contract.Operation, s contract.Sample) []byte {
	tb.Helper()
	var body string
	if s.Body != nil {
		body = *s.Body
	} else if b, ok := op.Request(s.Request); ok {
		body = string(b)
	}
	method := s.Method
	if method == "" {
		method = op.Method
	}
	r, err := http.NewRequest(method, "http://localhost:9311"+s.Target(op), strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	servicetest.Login(r, op.Service, strings.ReplaceAll(s.Caller, "unscoped", "nobody"))
	for name, v := range s.Headers {
		r.Header.Set(name, v)
	}
	raw, err := httputil.DumpRequest(r, true)
	if err != nil {
		tb.Fatal(err)
	}
	if body != "" && !bytes.Contains(raw, []byte("Content-Length")) {
		head, tail, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		raw = fmt.Appendf(nil, "%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), tail)
	}
	return raw
}

// FuzzFixture ensures that a fixture is refused with an error or loaded. The dump of a loaded
// fixture must load and be the same.
func FuzzFixture(f *testing.F) {
	l := catalog.NewLoader()
	l.MaxGenerated = 10
	fx, err := l.Load("default")
	if err != nil {
		f.Fatal(err)
	}
	for _, section := range []string{"identity", "freezer", "barbican", "devops", "privx"} {
		dump, err := l.Dump(fx, section)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(dump)
	}
	f.Add([]byte("extends: default\nclock: {freeze: 2026-01-01T00:00:00Z}\nprivx: {generate: {api_clients: {count: 3}}}"))
	f.Add([]byte("freezer: {clients: [&a {user_id: u, client: {client_id: x}}, *a]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fx, err := l.LoadBytes("fuzz.yaml", data)
		if err != nil {
			return
		}
		first, err := l.Dump(fx)
		if err != nil {
			t.Fatal(err)
		}
		again, err := l.LoadBytes("dump.json", first)
		if err != nil {
			t.Fatalf("%v in %s", err, first)
		}
		second, err := l.Dump(again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("first dump %s\nthen %s", first, second)
		}
	})
}
