package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/internal/catalog"
	"standin/internal/servicetest"
)

// FuzzWire ensures that no bytes on a connection bring a 500 or an answer that violates its
// contract. An incomplete request must change nothing. The seeds are the contracts' samples, whole
// and cut.
func FuzzWire(f *testing.F) {
	all, err := catalog.Contracts()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range all {
		for _, op := range servicetest.Everywhere(c) {
			for i, s := range op.Samples {
				raw := rawRequest(f, op, s)
				f.Add(raw)
				f.Add(raw[:len(raw)-1-i%4])
			}
		}
	}
	const chunks = "\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tail := range []string{"2\r\n{}\r\n0\r\n\r\n", "2\r\n{}\r\n", "2\r\n{}\r\nx\r\n", "2;a=b\r\n{}\r\n0\r\nTrailer: x\r\n\r\n", "ffffffffffffffff\r\n{}"} {
		f.Add([]byte("POST /v1/clients HTTP/1.1\r\nHost: h\r\nX-Auth-Token: demo-token\r\nContent-Type: application/json" + chunks + tail))
	}
	e, err := emulator.New(emulator.WithFixture("documented"), emulator.WithContractCheck(emulator.CheckAlways), emulator.WithRequestFaults(false))
	if err != nil {
		f.Fatal(err)
	}
	s, err := e.Start(context.Background())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.Contains(raw, []byte("generate")) {
			t.Skip()
		}
		e.Reset()
		before, violations := recorded(e, "GET", "/_standin/state", "").Body.String(), e.Violations()
		answer := sent(t, s.Addr(""), raw)
		if bytes.HasPrefix(answer, []byte("HTTP/1.1 500 ")) {
			t.Errorf("500: %s", answer)
		}
		if e.Violations() != violations {
			t.Errorf("%s breaks the contract", answer)
		}
		if after := recorded(e, "GET", "/_standin/state", "").Body.String(); !whole(raw) && after != before {
			t.Errorf("the world changed to %s; the answer was %s", after, answer)
		}
	})
}

// whole reports whether bytes begin with a request that has all of its body.
func whole(raw []byte) bool {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// sent sends bytes, closes the sending side, and reads what comes.
func sent(t *testing.T, addr string, raw []byte) []byte {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = c.Write(raw) // the request may be refused before its end
	_ = c.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("no end after %s", answer)
	}
	return answer
}

// FuzzControl ensures that no call of the control API brings a 500, violates its contract or leaves
// the sandbox locked.
func FuzzControl(f *testing.F) {
	for _, seed := range []struct{ method, path, query, body string }{
		{"GET", "requests", "operation=freezer.*&status=5xx&method=get&path=/v1/*&fault=*&ended=cut&since=1&canonical=true", ""},
		{"GET", "requests", "path=*%ff&wait=1ms&at_least=1", ""},
		{"GET", "requests/1", "", ""},
		{"GET", "events", "since=0", ""},
		{"GET", "faults", "", ""},
		{"GET", "state/freezer", "", ""},
		{"GET", "operations", "", ""},
		{"DELETE", "requests/1", "", ""},
		{"DELETE", "sandboxes/x", "", ""},
		{"POST", "reset", "only=world,journal&to=s", ""},
		{"POST", "verify", "", `[{"operation":"freezer.*","requests":{"min":1,"max":2}},{"sequence":[{"path":"/v1/{x}*"}]},{"no_unmatched":true}]`},
		{"POST", "faults", "", `{"where":{"path":"/v1/*","header":{"A":null}},"what":{"status":503}}`},
		{"POST", "sandboxes", "", `{"name":"x","fixture":"default","scenario":"flaky","ttl":"1ms"}`},
		{"POST", "snapshots", "", `{"name":"s"}`},
		{"PUT", "clock", "", `{"freeze":{"at":"9999-12-31T00:00:00Z"}}`},
		{"PUT", "clock", "", `{"advance":"2540400h"}`},
		{"PUT", "scenario", "", `{"name":"unavailable"}`},
		{"PUT", "state", "", "extends: default\n"},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.body)
	}
	e, err := emulator.New(emulator.WithFixture("documented"), emulator.WithContractCheck(emulator.CheckAlways), emulator.WithSandboxes(100, time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r, err := http.NewRequest(method, "http://localhost/_standin/"+strings.ReplaceAll(path, "?", ""), strings.NewReader(body))
		if err != nil || strings.Contains(body, "generate") {
			t.Skip()
		}
		e.Reset()
		e.Freeze(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		violations := e.Violations()
		recorded(e, "GET", "/v1/clients", "")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		r.URL.RawQuery, r.Host = query, "localhost"
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r.WithContext(ctx))
		if w.Code == http.StatusInternalServerError {
			t.Errorf("500: %s", w.Body)
		}
		if e.Violations() != violations {
			t.Errorf("%d %v %s breaks the contract", w.Code, w.Header(), w.Body)
		}
		e.Reset()
		if got := recorded(e, "GET", "/_standin/state", ""); got.Code != http.StatusOK {
			t.Errorf("then the state: %d %s", got.Code, got.Body)
		}
	})
}
