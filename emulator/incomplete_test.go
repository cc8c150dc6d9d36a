package emulator_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/servicetest"
)

// A framing writes a request whose body breaks off. It returns nil if the body is too short for
// that.
type framing func(head, body []byte) []byte

// framings are the ways in which a body in HTTP/1.1 breaks off.
var framings = map[string]framing{
	"short of its length": func(head, body []byte) []byte { return fmt.Appendf(nil, "%s\r\n\r\n%s", head, body[:len(body)-1]) },
	"nothing of it":       func(head, _ []byte) []byte { return fmt.Appendf(nil, "%s\r\n\r\n", head) },
	"longer length": func(head, body []byte) []byte {
		return fmt.Appendf(nil, "%s\r\nContent-Length: %d\r\n\r\n%s", lengthless(head), len(body)+100_000, body)
	},
	"no last chunk": func(head, body []byte) []byte {
		return fmt.Appendf(nil, "%s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", lengthless(head), len(body), body)
	},
	"within a chunk": func(head, body []byte) []byte {
		return fmt.Appendf(nil, "%s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s", lengthless(head), len(body)+1, body)
	},
	"invalid chunk": func(head, body []byte) []byte {
		return fmt.Appendf(nil, "%s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nxyz\r\n", lengthless(head), len(body), body)
	},
}

// lengthless removes Content-Length from the head of a request.
func lengthless(head []byte) []byte {
	var lines []string
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if !strings.HasPrefix(strings.ToLower(line), "content-length:") {
			lines = append(lines, line)
		}
	}
	return []byte(strings.Join(lines, "\r\n"))
}

// Ensure a request whose body breaks off changes nothing, counts for no rule, and gets an error if
// the client still reads. This holds for every operation that reads a body, in every framing.
func TestBodiesThatBreakOff(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
		for _, op := range c.Operations {
			for _, s := range op.Samples {
				if s.Status >= http.StatusBadRequest || op.Service == "control" && len(s.After) > 0 {
					continue
				}
				head, body, _ := bytes.Cut(rawRequest(t, op, s), []byte("\r\n\r\n"))
				if len(body) == 0 {
					continue
				}
				t.Run(op.ID+"/"+s.Name, func(t *testing.T) {
					t.Parallel()
					breaksOff(t, op, s, head, body)
				})
				break // one sample for each operation
			}
		}
	}
}

func breaksOff(t *testing.T, op *contract.Operation, s contract.Sample, head, body []byte) {
	t.Helper()
	fixture := s.Fixture
	if fixture == "" {
		fixture = "documented"
	}
	for name, broken := range framings {
		srv := emulator.RunT(t, emulator.WithFixture(fixture))
		if err := srv.Fault(fault.Rule{Name: "counter", When: fault.When{Skip: 1 << 30}, What: fault.What{Status: 503}, Optional: true}); err != nil {
			t.Fatal(err)
		}
		before := dump(t, srv)
		answer, sequence := halfClosed(t, srv.Addr(""), broken(head, body)), srv.Requests()
		if !strings.HasPrefix(answer, "HTTP/1.1 400 ") || !strings.Contains(answer, "not complete") || !strings.Contains(answer, "Connection: close\r\n") {
			t.Errorf("%s: %s", name, answer)
		}
		if after := dump(t, srv); after != before {
			t.Errorf("%s: the world changed from %s to %s", name, before, after)
		}
		if n := srv.Faults()[0].Matched; n != 0 {
			t.Errorf("%s: a rule counted %d requests", name, n)
		}
		if op.Service == "control" {
			continue
		}
		if len(sequence) != 1 || sequence[0].Ended != journal.Aborted || !strings.Contains(sequence[0].Note, "broke off after") {
			t.Errorf("%s: the journal has %+v", name, sequence)
		}
	}
}

// halfClosed sends bytes, closes the sending side, and reads the answer.
func halfClosed(t *testing.T, addr string, b []byte) string {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// Ensure a stream of HTTP/2 that is reset within its body changes nothing and counts for no rule.
// This holds in every service, with and without a length, also if a rule would wait.
func TestStreamsThatBreakOff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ operation, path, body, header, value string }{
		{"freezer.clients.create", "/v1/clients", `{"client_id":"half","hostname":"h"}`, "X-Auth-Token", "demo-token"},
		{"barbican.containers.create", "/v1/containers", `{"type":"generic"}`, "X-Auth-Token", "demo-token"},
		{"devops.images.create", "/v3/image", `{"id":"half","provider":"ec2","remote_user":"u"}`, "Authorization", "Basic ZGVtbzpkZW1v"},
		{"privx.api-clients.create", "/local-user-store/api/v1/api-clients", `{"name":"half"}`, "Authorization", "Bearer demo-token"},
		{"keystone.tokens.create", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"id":"default"},"password":"demo"}}}}}`, "A", "b"},
	} {
		for _, length := range []int64{-1, int64(len(tt.body)), int64(len(tt.body)) + 1} {
			t.Run(fmt.Sprintf("%s/%d", tt.operation, length), func(t *testing.T) {
				t.Parallel()
				s := emulator.RunT(t, emulator.WithFixture("documented"), emulator.WithTLS())
				late := fault.Rule{Name: "late", What: fault.What{Delay: fault.Fixed(time.Minute)}, When: fault.When{Skip: 1}, Optional: true}
				if err := s.Fault(late); err != nil {
					t.Fatal(err)
				}
				client := s.Client()
				client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
				before := dump(t, s)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				in, out := io.Pipe()
				go func() {
					_, _ = io.WriteString(out, tt.body)
					cancel()
				}()
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.TLSURL+tt.path, in)
				if err != nil {
					t.Fatal(err)
				}
				req.ContentLength = length
				req.Header.Set(tt.header, tt.value)
				req.Header.Set("Content-Type", "application/json")
				if resp, err := client.Do(req); err == nil {
					_ = resp.Body.Close()
					t.Fatal("the request was answered")
				}
				waiting, done := context.WithTimeout(t.Context(), 20*time.Second)
				defer done()
				got := s.Await(waiting, journal.Filter{Operation: tt.operation, Ended: journal.Aborted}, 1)
				if len(got) != 1 || got[0].Connection.Protocol != "HTTP/2.0" || dump(t, s) != before {
					t.Errorf("the journal has %+v, the world %s", got, dump(t, s))
				}
				if n := s.Faults()[0].Matched; n != 0 {
					t.Errorf("a rule counted %d requests", n)
				}
			})
		}
	}
}

// Ensure the same bytes have their effect when they come complete later.
func TestRetryAfterBodyThatBrokeOff(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	head := "POST /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\nContent-Type: application/json\r\nContent-Length: 35"
	body := `{"client_id":"half","hostname":"h"}`
	if got := halfClosed(t, s.Addr(""), []byte(head+"\r\n\r\n"+body[:20])); !strings.Contains(got, " 400 ") {
		t.Fatal(got)
	}
	if got := halfClosed(t, s.Addr(""), []byte(head+"\r\n\r\n"+body)); !strings.Contains(got, " 201 ") {
		t.Error(got)
	}
	if all := s.Requests(); len(all) != 2 || all[1].Attempt != 1 {
		t.Errorf("the journal has %+v", all)
	}
}

// Ensure the control API refuses a request before it reads its body, enters a sandbox or names one.
func TestControlRefusesFirst(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithControlToken("secret"))
	if _, err := s.NewSandbox("secretproject"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, host, token, want string }{
		{"no token", "localhost", "", "401"},
		{"wrong token", "localhost", "other", "401"},
		{"foreign host", "evil.example", "secret", "403"},
	} {
		for _, path := range []string{"/~made/_standin/reset", "/_standin/sandboxes/made/reset", "/_standin/state", "/~secretprojec/_standin/state"} {
			// The body never comes, so that an answer shows that nothing waits for it.
			got, _ := exchangeRaw(t, s.Addr(""), fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 60000000\r\n\r\n{", path, tt.host, tt.token))
			if !strings.HasPrefix(got, "HTTP/1.1 "+tt.want) || strings.Contains(got, "secretproject") {
				t.Errorf("%s, %s: %s", tt.name, path, got)
			}
		}
	}
	if _, err := s.NewSandbox("made"); err != nil {
		t.Errorf("a request that was refused made a sandbox: %v", err)
	}
}

// exchangeRaw sends bytes and reads the head of the answer. The connection stays open for writing
// until then.
func exchangeRaw(t *testing.T, addr, text string) (string, error) {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := c.Read(b)
	return string(b[:n]), err
}

// Ensure a request that is refused, or whose body breaks off, does not leave a sandbox that it
// created. Ensure a request that is carried out does.
func TestRefusedRequestsMakeNoSandbox(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	for _, tt := range []struct {
		method, path, body string
		header             []string
	}{
		{"POST", "/~r/_standin/faults", `{"nope":1}`, nil},
		{"POST", "/~r/_standin/nothing", "", nil},
		{"PUT", "/~r/_standin/state", "", nil},
		{"POST", "/~r/_standin/reset?nothing=x", "", nil},
		{"POST", "/~r/_standin/health", "", nil},
		{"PUT", "/~r/", "", nil},
		{"POST", "/~r/_standin/faults", strings.Repeat(" ", 9<<20), nil},
		{"GET", "/~r/v1/clients", "", []string{fault.Header, "bogus"}},
		{"POST", "/~r/_standin/verify", "[]", nil},
		{"GET", "/_standin/requests", "", []string{emulator.SandboxHeader, "r"}},
		{"GET", "/_standin/health", "", []string{emulator.SandboxHeader, "r"}},
		{"POST", "/_standin/sandboxes", `{"name":"other"}`, []string{emulator.SandboxHeader, "r"}},
	} {
		if _, _, err := call(t.Context(), s.Client(), tt.method, s.URL+tt.path, tt.body, tt.header...); err != nil {
			t.Fatal(err)
		}
		if box, err := s.NewSandbox("r"); err != nil {
			t.Errorf("%s %s %v made it", tt.method, tt.path, tt.header)
		} else {
			s.DeleteSandbox(box.Name())
		}
	}
	halfClosed(t, s.Addr(""), []byte("POST /~r/v1/clients HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{"))
	if _, err := s.NewSandbox("r"); err != nil {
		t.Error("a body that broke off made it")
	}
	if _, err := s.NewSandbox("other"); err == nil {
		t.Error("a call that was carried out made none")
	}
	if _, _, err := call(t.Context(), s.Client(), "GET", s.URL+"/~first/v1/clients", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewSandbox("first"); err == nil {
		t.Error("a first use made none")
	}
}
