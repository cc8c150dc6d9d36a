package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/core"
	"standin/internal/route/routetest"
	"standin/internal/service"
	"standin/internal/transport"
)

// Ensure every connection gives up its seat, however it ends.
func TestSeats(t *testing.T) {
	t.Parallel()
	s := secure(t, "https://127.0.0.1:0")

	ask := func(h2 bool, header ...string) {
		c := over(s, h2)
		defer c.CloseIdleConnections()
		c.Timeout = 10 * time.Second
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
		c = tls.Client(dial(), &tls.Config{ServerName: "localhost"}) // it does not trust the CA
		_, _ = io.WriteString(c, "x")
		_ = c.Close()
		_ = dial().Close()
	}
	eventually(t, "all seats are given back", func() bool { return s.core.Transport.Connections() == 0 })
}

// Ensure requests on connections beyond the limit get 503, except for health. Ensure connections
// that serve a request stay open.
func TestAllConnectionsServe(t *testing.T) {
	t.Parallel()
	giveWay := whole(func(o *core.Options) error { o.Transport.Grace = -1; return nil })
	e, err := New(WithConnections(4), giveWay)
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
	var serving net.Conn
	for n := range 4 {
		serving = wire(t, s, "POST /v1/clients HTTP/1.1\r\nHost: h\r\nX-Auth-Token: demo-token\r\nContent-Length: 2\r\n\r\n{}")
		s.Await(t.Context(), journal.Filter{Operation: "freezer.clients.create"}, n+1)
	}
	for range 128 { // a connection that got its answer gives up its seat
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
}

// secure starts an emulator that can use TLS, and closes it when the test ends.
func secure(t *testing.T, listen string, options ...Option) *Server {
	t.Helper()
	e, err := New(append(options, WithTLS())...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context(), listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// eventually fails the test if a condition does not become true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never was so: %s", what)
		}
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

// answered reads the first bytes that arrive.
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

// over returns a client that uses one protocol only.
func over(s *Server, http2 bool) *http.Client {
	c := s.Client()
	c.Transport.(*http.Transport).Protocols = new(http.Protocols)
	c.Transport.(*http.Transport).Protocols.SetHTTP1(!http2)
	c.Transport.(*http.Transport).Protocols.SetHTTP2(http2)
	return c
}

// patient sets how long a client may take to read a piece.
func patient(d time.Duration) Option {
	return whole(func(o *core.Options) error {
		o.Transport.Patience = d
		return nil
	})
}

// Ensure an answer that nobody reads ends. This holds for HTTP/1 with and without TLS, and for a
// stream of HTTP/2.
func TestUnreadAnswersEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, listen, proto string }{
		{"HTTP/1", "127.0.0.1:0", "HTTP/1.1"}, {"HTTP/1 over TLS", "https://127.0.0.1:0", "HTTP/1.1"}, {"HTTP/2", "https://127.0.0.1:0", "HTTP/2.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			long := fault.Rule{What: fault.What{Status: http.StatusOK, Body: strings.Repeat("x", 32<<20)}, When: fault.When{Times: new(0)}}
			s := secure(t, tt.listen, WithFault(long), patient(300*time.Millisecond))
			c := over(s, tt.proto == "HTTP/2.0")
			defer c.CloseIdleConnections()
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/clients", nil)
			if resp, err := c.Do(r); err == nil { // a slow machine may not even read the headers in time
				defer resp.Body.Close()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			got := s.Await(ctx, journal.Filter{Ended: journal.Aborted}, 1)
			if len(got) != 1 || got[0].Connection.Protocol != tt.proto {
				t.Errorf("the journal has %d entries that ended so", len(got))
			}
		})
	}
}

// Ensure an answer that a rule slows down is complete, over both protocols. Its pauses are longer
// than a client may take to read.
func TestSlowAnswersAreWhole(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		slow := fault.Rule{What: fault.What{Status: http.StatusOK, Body: strings.Repeat("x", 100), Dribble: &fault.Dribble{Chunks: 3, Over: fault.Duration(time.Second)}}}
		s := secure(t, "https://127.0.0.1:0", WithFault(slow), patient(200*time.Millisecond))
		c := over(s, http2)
		defer c.CloseIdleConnections()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/clients", nil)
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(resp.Body); err != nil || len(b) != 100 {
			t.Errorf("HTTP/2 %t: %d bytes, %v", http2, len(b), err)
		}
		_ = resp.Body.Close()
	}
}

// Ensure a follower ends with its sandbox. Ensure a body that fails while it is sent is not taken
// for a complete one.
func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	e, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.NewSandbox("box"); err != nil {
		t.Fatal(err)
	}
	e.core.Path.Routes = routetest.Replace(t, e.core.Path.Routes, "freezer.clients.list", func(*service.Call) (service.Reply, error) {
		return service.Reply{Status: http.StatusOK, ContentType: "application/json", Stream: func(write func([]byte) error) error {
			return errors.Join(write([]byte("{")), errors.New("no more"))
		}}, nil
	})
	s, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for path, want := range map[string]error{"/~box/_standin/events": nil, "/v1/clients": io.ErrUnexpectedEOF} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		r.Header.Set("X-Auth-Token", "demo-token")
		c := s.Client()
		defer c.CloseIdleConnections()
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		e.DeleteSandbox("box")
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		_ = resp.Body.Close()
	}
}

// Ensure a connection beyond the limit is served when there is room again.
func TestExtraSeatsBecomeSeats(t *testing.T) {
	t.Parallel()
	e, err := New(WithConnections(1))
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first := wire(t, s, "")
	eventually(t, "one seat is taken", func() bool { return s.core.Transport.Connections() == 1 })
	const health = "GET /_standin/health HTTP/1.1\r\nHost: h\r\n\r\n"
	const list = "GET /v1/clients HTTP/1.1\r\nHost: h\r\nX-Auth-Token: demo-token\r\n\r\n"
	second := wire(t, s, health)
	if got := answered(t, second); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Fatalf("health: %s", got)
	}
	_ = first.Close()
	eventually(t, "one seat is taken", func() bool { return s.core.Transport.Connections() == 1 })
	if _, err := io.WriteString(second, list); err != nil {
		t.Fatal(err)
	}
	if got := answered(t, second); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("where there is room again: %s", got)
	}
}

// Ensure it is noticed when a client has sent more requests and left, while a rule waits and while
// the control API waits.
func TestClientsThatLeaveBehindMore(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux is the kernel asked")
	}
	e, err := New(WithFault(fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Hang}}, When: fault.When{Times: new(0)}}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, path := range []string{"/v1/clients", "/_standin/requests?wait=5m&at_least=1000"} {
		c := wire(t, s, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/clients HTTP/1.1\r\n")
		for deadline := time.Now().Add(2 * time.Minute); s.core.Transport.Connections() != 1 || e.in.Serving() != 1; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s does not wait", path)
			}
		}
		_ = c.Close()
		for deadline := time.Now().Add(2 * time.Minute); s.core.Transport.Connections() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s goes on without its client", path)
			}
		}
	}
}

// Ensure a sandbox is not removed while it serves a request, however long that takes. Ensure it is
// removed when it has been unused for its TTL.
func TestServingSandboxesStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := New(WithSandboxes(10, time.Minute), WithFault(fault.Rule{What: fault.What{Delay: fault.Fixed(5 * time.Minute)}}))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		c := e.Client()
		defer c.CloseIdleConnections()
		for _, want := range []time.Duration{5 * time.Minute, 0} { // the rule fires once, since it is the same sandbox
			began := time.Now()
			done := make(chan error)
			go func() {
				r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://standin/~box/v1/clients", nil)
				resp, err := c.Do(r)
				if err == nil {
					_ = resp.Body.Close()
				}
				done <- err
			}()
			time.Sleep(want / 2)
			if all := e.core.Sandboxes.List(); want > 0 && len(all) != 2 {
				t.Error("the sandbox is gone while it serves a request")
			}
			if err := <-done; err != nil || time.Since(began) != want {
				t.Errorf("answered after %s with %v, want %s", time.Since(began), err, want)
			}
		}
		time.Sleep(2 * time.Minute)
		if all := e.core.Sandboxes.List(); len(all) != 1 {
			t.Error("the sandbox is still there")
		}
	})
}

// Ensure answers that are too long are counted and not checked. Ensure health reports that number
// and the size of the journals.
func TestLongAnswersAreNotChecked(t *testing.T) {
	t.Parallel()
	for mode, want := range map[CheckMode]uint64{CheckSampled: 1, CheckAlways: 0} {
		e, err := New(WithContractCheck(mode))
		if err != nil {
			t.Fatal(err)
		}
		long := []byte(`{"clients":["` + strings.Repeat("x", 256<<10) + `"]}`) // it violates the contract
		e.core.Path.Routes = routetest.Replace(t, e.core.Path.Routes, "freezer.clients.list", func(*service.Call) (service.Reply, error) { return service.JSON(http.StatusOK, long), nil })
		get(e, "/v1/clients")
		if n := e.core.Path.Unchecked(); n != want || e.Violations() != 1-want {
			t.Errorf("%s: %d unchecked, %d violations", mode, n, e.Violations())
		}
		health := get(e, "/_standin/health").Body.String()
		if mode == CheckSampled && (!strings.Contains(health, `"unchecked":1,"sandboxes":1,`) || strings.Contains(health, `"journal_bytes":0,`)) {
			t.Errorf("health: %s", health)
		}
	}
}

// Ensure a client that sends slowly loses its connection: before the end of the headers, between
// two requests, and within a body that already has an answer.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	const short, long = 50 * time.Millisecond, time.Minute
	for _, tt := range []struct {
		name, sent, want string
		times            transport.Options
	}{
		{"headers", "GET / HTTP/1.1\r\nHo", "", transport.Options{Header: short, Request: long, Idle: long}},
		{"next request", "GET /_standin/health HTTP/1.1\r\nHost: h\r\n\r\n", " 200 ", transport.Options{Header: long, Request: long, Idle: short}},
		{"body", "POST /v1/clients HTTP/1.1\r\nHost: h\r\nX-Auth-Token: demo-token\r\nContent-Length: 100\r\n\r\n{", " 400 ", transport.Options{Header: long, Request: 10 * short, Idle: long}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := New(whole(func(o *core.Options) error {
				o.Transport = tt.times
				return nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			s, err := e.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			c := wire(t, s, tt.sent)
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Minute))
			got, err := io.ReadAll(c)
			if err != nil || !strings.Contains(string(got), tt.want) {
				t.Errorf("%q, %v", got, err)
			}
			all := s.Requests()
			if tt.name == "body" && (len(all) != 1 || all[0].Ended != journal.Aborted || all[0].Caller != "demo" || !strings.Contains(all[0].Note, "after 1 of 100 bytes")) {
				t.Errorf("the journal has %+v", all)
			}
		})
	}
}

func get(e *Emulator, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("X-Auth-Token", "demo-token")
	r.Header.Set("Authorization", "Bearer demo-token")
	e.ServeHTTP(w, r)
	return w
}
