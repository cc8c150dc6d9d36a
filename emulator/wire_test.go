package emulator_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// These are the ways in which a stream ends.
const (
	fin = "FIN"
	rst = "RST"
)

// raw sends one request over a new connection and reads until the stream ends.
func raw(t *testing.T, addr string, secure bool, request string) (got []byte, end string) {
	t.Helper()
	tcp, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	if err := tcp.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c := tcp
	if secure {
		c = tls.Client(tcp, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	got, err = io.ReadAll(c)
	switch {
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF): // without the closing alert of TLS
		end = fin
	case errors.Is(err, syscall.ECONNRESET):
		end = rst
	default:
		end = err.Error()
	}
	return got, end
}

// secured serves an emulator over TLS, with a server of net/http.
func secured(t *testing.T, e *emulator.Emulator, h2 bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(e)
	s.EnableHTTP2 = h2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

const listRequest = "GET /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\n\r\n"

// Ensure every break of a connection sends the bytes and the end that it describes, with and
// without TLS.
func TestWireTruth(t *testing.T) {
	t.Parallel()
	const (
		whole = `{"clients":[]}`
		head  = "HTTP/1.1 200 OK\r\n"
	)
	tests := []struct {
		name  string
		c     *fault.Connection
		end   string
		bytes string // a regular expression for all bytes
		ended journal.Ended
	}{
		{"reset", &fault.Connection{Kind: fault.Reset}, rst, `^HTTP/1.1 100 Continue\r\n\r\n$`, journal.Cut},
		{"reset, silent", &fault.Connection{Kind: fault.Reset, Silent: true}, rst, `^$`, journal.Cut},
		{"reset after the headers", &fault.Connection{Kind: fault.Reset, At: "headers"}, rst, `^` + head + `(?s:.*)Content-Length: 14\r\n(?s:.*)\r\n\r\n$`, journal.Cut},
		{"reset in the body", &fault.Connection{Kind: fault.Reset, At: "body", Bytes: new(5)}, rst, `Content-Length: 14\r\n(?s:.*)\r\n\r\n\{"cli$`, journal.Cut},
		{"empty", &fault.Connection{Kind: fault.Empty}, fin, `^HTTP/1.1 100 Continue\r\n\r\n$`, journal.Cut},
		{"empty, silent", &fault.Connection{Kind: fault.Empty, Silent: true}, fin, `^$`, journal.Cut},
		{"garbage", &fault.Connection{Kind: fault.Garbage, Bytes: new(10)}, fin, `^[^H](?s:.*)$`, journal.Cut},
		{"malformed chunk", &fault.Connection{Kind: fault.MalformedChunk}, fin, `Transfer-Encoding: chunked\r\n(?s:.*)\r\n\r\n7\r\n\{"clien\r\nno length\r\n$`, journal.Cut},
		{"truncate, framed", &fault.Connection{Kind: fault.Truncate}, fin, `Content-Length: 14\r\n(?s:.*)\r\n\r\n\{"clien$`, journal.Cut},
		{"content length, longer", &fault.Connection{Kind: fault.ContentLength}, fin, `Content-Length: 24\r\n(?s:.*)\r\n\r\n` + regexp.QuoteMeta(whole) + `$`, journal.Cut},
		{"content length, shorter", &fault.Connection{Kind: fault.ContentLength, Mode: "shorter", By: 4}, fin, `Content-Length: 10\r\n(?s:.*)\r\n\r\n` + regexp.QuoteMeta(whole) + `$`, journal.Cut},
		{"content length, missing", &fault.Connection{Kind: fault.ContentLength, Mode: "missing"}, fin, `^` + head + `(?s:.*)Connection: close\r\n(?s:.*)\r\n\r\n` + regexp.QuoteMeta(whole) + `$`, journal.Cut},
		{"slow close", &fault.Connection{Kind: fault.SlowClose, For: fault.Duration(30 * time.Millisecond)}, fin, `Connection: close\r\n(?s:.*)\r\n\r\n` + regexp.QuoteMeta(whole) + `$`, journal.Answered},
		{"hang, silent", &fault.Connection{Kind: fault.Hang, For: fault.Duration(30 * time.Millisecond), Silent: true}, fin, `^$`, journal.Cut},
		{"hang", &fault.Connection{Kind: fault.Hang, For: fault.Duration(30 * time.Millisecond)}, fin, `^HTTP/1.1 100 Continue\r\n\r\n$`, journal.Cut},
	}
	for _, tt := range tests {
		for _, by := range []string{"tcp", "tls", "tls of net/http"} {
			t.Run(tt.name+"/"+by, func(t *testing.T) {
				t.Parallel()
				s := emulator.RunT(t, emulator.WithTLS())
				addr, secure := s.Addr(""), true
				switch by {
				case "tcp":
					secure = false
				case "tls":
					addr = s.TLSAddr("")
				default:
					addr = secured(t, s.Emulator(), false).Listener.Addr().String()
				}
				if err := s.Fault(fault.Rule{Name: "break", What: fault.What{Connection: tt.c}}); err != nil {
					t.Fatal(err)
				}
				got, end := raw(t, addr, secure, listRequest)
				if end != tt.end || !regexp.MustCompile(tt.bytes).Match(got) {
					t.Errorf("ends with %s, want %s; got %q, want %s", end, tt.end, got, tt.bytes)
				}
				if bytes.Contains(got, []byte("Content-Length")) && tt.c.Mode == "missing" {
					t.Errorf("a length all the same: %q", got)
				}
				entries := s.Requests()
				if len(entries) != 1 || entries[0].Ended != tt.ended || len(entries[0].Faults) != 1 || len(entries[0].Faults[0].Did) == 0 {
					t.Errorf("the journal has %+v", entries)
				}
			})
		}
	}
}

// Ensure a break before the response sends no interim response to a proxy that gives a slot: it would
// pass that on, and wait.
func TestBreaksBehindReplicas(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Break]string{fault.Reset: rst, fault.Empty: fin} {
		s := emulator.RunT(t, emulator.WithFault(fault.Rule{What: fault.What{Connection: fault.Cut(kind)}}))
		got, end := raw(t, s.Addr(""), false, strings.Replace(listRequest, "\r\n\r\n", "\r\nX-Standin-Slot: 3f\r\n\r\n", 1))
		if len(got) > 0 || end != want {
			t.Errorf("%s: got %q, and %s", kind, got, end)
		}
	}
}

// Ensure a silently truncated answer is well framed and keeps its connection.
func TestSilentTruncation(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	if err := s.Fault(fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Truncate, Mode: "silent", Bytes: new(3)}}}); err != nil {
		t.Fatal(err)
	}
	w := dial(t, s)
	for _, want := range []string{`{"c`, `{"clients":[]}`} {
		if line, body := w.send("GET /v1/clients HTTP/1.1\n"+demoHead, ""); line != "HTTP/1.1 200 OK" || body != want {
			t.Errorf("got %q %s, want %s", line, body, want)
		}
	}
}

// Ensure garbage is the same for the same seed, and different for another seed.
func TestGarbageIsDrawn(t *testing.T) {
	t.Parallel()
	garbage := func(seed int64) string {
		s := emulator.RunT(t, emulator.WithSeed(seed), emulator.WithFault(fault.Rule{Name: "noise", What: fault.What{Connection: fault.Cut(fault.Garbage)}}))
		got, _ := raw(t, s.Addr(""), false, listRequest)
		return string(got)
	}
	one, two, other := garbage(1), garbage(1), garbage(2)
	if one != two || one == other || len(one) != 64 {
		t.Errorf("%q %q %q", one, two, other)
	}
}

// Ensure that over HTTP/2 a break is a reset of its stream, that the journal reports it, and that
// other streams of the connection continue.
func TestBreaksOverHTTP2(t *testing.T) {
	t.Parallel()
	for _, c := range []*fault.Connection{
		fault.Cut(fault.Reset), fault.Cut(fault.Empty), fault.Cut(fault.Garbage), fault.Cut(fault.Truncate),
		fault.Cut(fault.MalformedChunk), {Kind: fault.ContentLength, Mode: "longer"}, {Kind: fault.Hang, For: 1},
	} {
		t.Run(string(c.Kind), func(t *testing.T) {
			t.Parallel()
			s := emulator.RunT(t)
			srv := secured(t, s.Emulator(), true)
			streamReset(t, s, srv.Client(), srv.URL, c)
		})
		t.Run(string(c.Kind)+"/own listener", func(t *testing.T) {
			t.Parallel()
			s := emulator.RunT(t, emulator.WithTLS())
			streamReset(t, s, s.Client(), s.TLSURL, c)
			if all := s.Requests(); all[0].Connection.ID == 0 || all[0].Connection.ID != all[1].Connection.ID || !all[1].Connection.Reused {
				t.Errorf("connections: %+v %+v", all[0].Connection, all[1].Connection)
			}
		})
	}
}

// streamReset breaks the first of two exchanges over one connection.
func streamReset(t *testing.T, s *emulator.Server, client *http.Client, url string, c *fault.Connection) {
	t.Helper()
	defer client.CloseIdleConnections()
	if err := s.Fault(fault.Rule{What: fault.What{Connection: c}}); err != nil {
		t.Fatal(err)
	}
	status, err := fetch(t, client, http.MethodGet, url+"/v1/clients", "")
	if err == nil || !strings.Contains(err.Error(), "INTERNAL_ERROR") && !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("got %d, %v", status, err)
	}
	if note := s.Requests()[0].Note; !strings.Contains(note, "HTTP/2: a stream reset in place of "+string(c.Kind)) {
		t.Errorf("the journal notes %q", note)
	}
	if status, err := fetch(t, client, http.MethodGet, url+"/v1/clients", ""); status != 200 || err != nil {
		t.Errorf("afterwards: %d %v", status, err)
	}
	if p := s.Requests()[0].Connection.Protocol; p != "HTTP/2.0" {
		t.Errorf("protocol %s", p)
	}
}

// fetch sends a request as demo and reads the answer to its end.
func fetch(t *testing.T, c *http.Client, method, url, body string, header ...string) (int, error) {
	t.Helper()
	status, _, err := call(t.Context(), c, method, url, body, header...)
	return status, err
}

// Ensure a client that reuses its connection sees the cut of a rule with a limited count. After a
// silent cut, Go's library repeats a GET by itself, and the journal marks the repeat.
func TestTransportRetry(t *testing.T) {
	t.Parallel()
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprintf("silent=%v", silent), func(t *testing.T) {
			t.Parallel()
			s := emulator.RunT(t)
			c := s.Client()
			defer c.CloseIdleConnections()
			if _, err := fetch(t, c, "GET", s.URL+"/v1/clients", ""); err != nil { // opens a connection that can be reused
				t.Fatal(err)
			}
			if err := s.Fault(fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Empty, Silent: silent}}}); err != nil {
				t.Fatal(err)
			}
			_, err := fetch(t, c, "GET", s.URL+"/v1/clients", "")
			entries := s.Requests()
			last := entries[len(entries)-1]
			switch {
			case silent && (err != nil || len(entries) != 3 || !last.Retried || last.Attempt != 2):
				t.Errorf("Go did not repeat it unseen, or the journal does not tell: %v %+v", err, last)
			case !silent && (err == nil || len(entries) != 2):
				t.Errorf("the client did not see the cut: %v, %d requests", err, len(entries))
			}
			if !entries[1].Connection.Reused || entries[0].Connection.Reused || entries[0].Connection.ID != entries[1].Connection.ID {
				t.Errorf("connections: %+v %+v", entries[0].Connection, entries[1].Connection)
			}
		})
	}
}

// Ensure a reset over pipes is a reset for the client too.
func TestResetInMemory(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFault(fault.Rule{What: fault.What{Connection: &fault.Connection{Kind: fault.Reset, Silent: true}}}))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := fetch(t, e.Client(), "GET", "http://standin/v1/clients", ""); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}
