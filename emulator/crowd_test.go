package emulator

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"standin/emulator/fault"
	"standin/emulator/journal"
)

// Ensure every connection gives its seat back, however it ends.
func TestSeats(t *testing.T) {
	t.Parallel()
	e, err := New(WithTLS())
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context(), "https://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	ask := func(h2 bool, header ...string) {
		c := s.Client()
		defer c.CloseIdleConnections()
		c.Timeout = 10 * time.Second
		if !h2 {
			c.Transport.(*http.Transport).Protocols = new(http.Protocols)
			c.Transport.(*http.Transport).Protocols.SetHTTP1(true)
		}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/clients", nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := c.Do(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		if broken := len(header) > 0; broken != (err != nil) || err != nil && strings.Contains(err.Error(), "Timeout") {
			t.Fatalf("h2 %v %v: %v", h2, header, err)
		}
	}
	dial := func() net.Conn {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr(""))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		return c
	}
	for range 8 {
		ask(false)
		ask(true)
		ask(false, fault.Header, "connection=reset")
		ask(false, fault.Header, "connection=empty")
		ask(true, fault.Header, "connection=reset")

		c := dial()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
		_, _ = io.ReadAll(c)
		_ = c.Close()
		c = tls.Client(dial(), &tls.Config{ServerName: "localhost"}) // which does not trust the CA
		_, _ = io.WriteString(c, "x")
		_ = c.Close()
		_ = dial().Close()
	}
	for deadline := time.Now().Add(10 * time.Second); e.crowd.taken() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d seats are still taken", e.crowd.taken())
		}
	}
}

// Ensure connections that serve no request give way, those that have waited longest
// first, that the others stay, and that it is logged once.
func TestConnectionsGiveWay(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	e, err := New(WithConnections(4), WithLogger(zerolog.New(&logged).Level(zerolog.WarnLevel)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	hang := &fault.Connection{Kind: fault.Hang}
	if err := s.Fault(fault.Rule{Where: fault.Where{Operation: "freezer.clients.create"}, What: fault.What{Connection: hang}, When: fault.When{Times: new(0)}}); err != nil {
		t.Fatal(err)
	}
	const body = "Host: h\r\nX-Auth-Token: demo-token\r\nContent-Length: 2\r\n\r\n{}"
	serving := wire(t, s, "POST /v1/clients HTTP/1.1\r\n"+body)
	s.Await(t.Context(), journal.Filter{Operation: "freezer.clients.create"}, 1)
	for range 50 { // some send nothing, some have had an answer
		c := wire(t, s, "GET /_standin/health HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := answered(t, c); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Fatalf("health: %s", got)
		}
		wire(t, s, "")
	}
	if n := e.crowd.taken(); n != 4 {
		t.Errorf("%d seats are taken, want 4", n)
	}
	for n := 2; n <= 4; n++ {
		wire(t, s, "POST /v1/clients HTTP/1.1\r\n"+body)
		s.Await(t.Context(), journal.Filter{Operation: "freezer.clients.create"}, n)
	}
	for range 2 * overflow { // one that is answered gives its seat back
		got := answered(t, wire(t, s, "GET /v1/clients HTTP/1.1\r\nHost: h\r\n\r\n"))
		if !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "--connections") || !strings.Contains(got, "Connection: close") {
			t.Fatalf("where all serve a request: %s", got)
		}
		if got := answered(t, wire(t, s, "GET /_standin/health HTTP/1.1\r\nHost: h\r\n\r\n")); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Fatalf("health where all serve a request: %s", got)
		}
	}
	_ = serving.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := serving.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection that served a request ended: %v", err)
	}
	_ = s.Close()
	if lines := strings.Split(strings.TrimSpace(logged.String()), "\n"); len(lines) != 2 {
		t.Errorf("logged %q", lines)
	}
}

// wire sends bytes over a connection that is closed when the test ends.
func wire(t *testing.T, s *Server, text string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// answered reads what comes first.
func answered(t *testing.T, c net.Conn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}
