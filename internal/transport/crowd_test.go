package transport

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// busy returns the number of connections that serve a request. A connection may still count
// shortly after its client has read the response.
func (c *crowd) busy() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for s := range c.seats {
		if s.since.Load() == 0 {
			n++
		}
	}
	return n
}

// A buffer is a bytes.Buffer that is safe for concurrent use.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// started serves h on a free port until the test ends.
func started(t *testing.T, h http.Handler, o Options) (*Transport, *Server) {
	t.Helper()
	tr, err := New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := tr.Listen(t.Context(), Address{At: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(t.Context())
	t.Cleanup(func() { _ = s.Close() })
	return tr, s
}

// eventually fails the test if holds does not become true in time.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never was so: %s", what)
		}
	}
}

// dialed opens a connection, which is closed when the test ends, and sends text on it.
func dialed(t *testing.T, s *Server, text string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addresses()[0].At)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// answered reads the status of the next response.
func answered(t *testing.T, c net.Conn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(b[:n]), "HTTP/1.1 ")[:3]
}

// Ensure idle connections are closed at the limit, the longest idle first, and busy ones are
// kept. Ensure connections above the limit are refused, and that each is logged once.
func TestConnectionsGiveWay(t *testing.T) {
	t.Parallel()
	hanging := make(chan bool, 8)
	h := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/hang":
			hanging <- true
			<-r.Context().Done()
		case Of(r).Extra():
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	var logged buffer
	tr, s := started(t, http.HandlerFunc(h), Options{Connections: 4, Grace: -1, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	hang := func() net.Conn {
		c := dialed(t, s, "GET /hang HTTP/1.1\r\nHost: h\r\n\r\n")
		<-hanging
		return c
	}
	serving := hang()
	for range 50 { // some have sent nothing, some have had a response
		c := dialed(t, s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := answered(t, c); got != "200" {
			t.Fatalf("answered %s", got)
		}
		eventually(t, "the connection with the answer is idle", func() bool { return tr.crowd.busy() == 1 })
		dialed(t, s, "")
	}
	if n := tr.Connections(); n != 4 {
		t.Errorf("%d connections are open, want 4", n)
	}
	for range 3 {
		hang()
	}
	for range 2 * overflow { // a connection frees its seat after its response
		if got := answered(t, dialed(t, s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")); got != "503" {
			t.Fatalf("where all serve a request: %s", got)
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
