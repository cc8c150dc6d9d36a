package emulator

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"standin/emulator/fault"
)

// Ensure every connection with TLS gives its place back, however it ends: with two
// places, eight connections of each kind come through one after the other.
func TestPlaces(t *testing.T) {
	t.Parallel()
	e, err := New(WithTLS())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Emulator: e}
	open, err := s.listen(t.Context(), []string{"https://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	l := open[0].(*secured)
	l.free = make(chan struct{}, 2)
	s.serve(context.Background(), open)
	defer func() {
		if t.Failed() {
			<-l.free // so that the listener can end
		}
		_ = s.Close()
	}()

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
	for deadline := time.Now().Add(10 * time.Second); len(l.free) > 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) { // one is of the next connection
			t.Fatalf("%d places are still taken", len(l.free)-1)
		}
	}
}
