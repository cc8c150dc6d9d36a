package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
)

// dialTLS does what dial does, with TLS. The client offers the given protocols.
func dialTLS(t *testing.T, s *emulator.Server, protocols ...string) *wire {
	t.Helper()
	w := dialTo(t, s.TLSAddr(""))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	w.c = tls.Client(w.c, &tls.Config{RootCAs: roots, ServerName: "localhost", NextProtos: protocols})
	w.r = bufio.NewReader(w.c)
	return w
}

// Ensure the status line of 753 has its phrase over TLS too, with and without ALPN. Ensure the
// connection works after it, and the journal knows the connection.
func TestReasonPhraseOverTLS(t *testing.T) {
	t.Parallel()
	for _, protocols := range [][]string{nil, {"http/1.1"}} {
		s := emulator.RunT(t, emulator.WithTLS())
		w := dialTLS(t, s, protocols...)
		for range 3 {
			if line, body := w.send("POST /v1/clients HTTP/1.1\n"+demoHead, "{"); line != "HTTP/1.1 753 Syntax Error" || body != `{"title":"Malformed JSON"}` {
				t.Errorf("got %q %s", line, body)
			}
			if line, _ := w.send("GET /v1/clients HTTP/1.1\n"+demoHead, ""); line != "HTTP/1.1 200 OK" {
				t.Errorf("got %q", line)
			}
		}
		if line, _ := w.send("POST /v1/clients HTTP/1.0\nConnection: keep-alive\n"+demoHead, "{"); line != "HTTP/1.0 753 Syntax Error" {
			t.Errorf("got %q", line)
		}
		for i, e := range s.Requests() {
			if c := e.Connection; c.ID == 0 || c.ID != s.Requests()[0].Connection.ID || c.Reused != (i > 0) {
				t.Errorf("request %d: %+v", i, c)
			}
		}
	}
}

// Ensure clients that know HTTP/2 get it, and that simultaneous streams have the number of their
// connection.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithTLS())
	c := s.Client()
	defer c.CloseIdleConnections()
	resp, err := c.Get(s.TLSURL + "/")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("got %s", resp.Proto)
	}
	const streams = 8
	var wg sync.WaitGroup
	for range streams {
		wg.Go(func() {
			if status, err := fetch(t, c, "GET", s.TLSURL+"/v1/clients", "", "X-Standin-Fault", "delay=20ms"); status != 200 || err != nil {
				t.Errorf("%d %v", status, err)
			}
		})
	}
	wg.Wait()
	status, body, err := call(t.Context(), c, "POST", s.TLSURL+"/v1/clients", "{")
	if status != 753 || body != `{"title":"Malformed JSON"}` || err != nil {
		t.Errorf("753 over HTTP/2: %d %s %v", status, body, err)
	}
	all := s.Requests()
	for i, e := range all {
		if e.Connection.ID != all[0].Connection.ID || e.Connection.Reused != (i > 0) || e.Connection.Protocol != "HTTP/2.0" {
			t.Errorf("request %d: %+v", i, e.Connection)
		}
	}
	if len(all) != streams+2 {
		t.Errorf("%d requests", len(all))
	}
}

// Ensure an answer in pieces and events come over HTTP/2.
func TestStreamsOverHTTP2(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithTLS())
	c := s.Client()
	defer c.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.TLSURL+"/_standin/events", nil)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if status, body, err := call(ctx, c, "GET", s.TLSURL+"/v1/clients", "", "X-Standin-Fault", "bandwidth=1000"); status != 200 || body != `{"clients":[]}` || err != nil {
		t.Errorf("%d %s %v", status, body, err)
	}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), "freezer.clients.list") {
			return
		}
	}
	t.Error("no event came")
}

// Ensure the certificate is for the default hosts and the given hosts, whatever the time is.
func TestCertificate(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithTLS("standin", "*.example.test", "192.0.2.7", "2001:db8::7"))
	state := handshake(t, s)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CA()) {
		t.Fatalf("no PEM: %s", s.CA())
	}
	leaf := state.PeerCertificates[0]
	for _, at := range []string{"2000-01-01T00:00:00Z", "2015-10-15T17:56:18Z", "2099-01-01T00:00:00Z"} {
		now, _ := time.Parse(time.RFC3339, at)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now}); err != nil {
			t.Errorf("at %s: %v", at, err)
		}
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "standin", "a.example.test", "192.0.2.7", "2001:db8::7"} {
		if err := leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if err := leaf.VerifyHostname("example.com"); err == nil {
		t.Error("it is for anybody")
	}
	if bytes.Equal(s.CA(), emulator.RunT(t, emulator.WithTLS()).CA()) {
		t.Error("two emulators have the same CA")
	}
}

func handshake(t *testing.T, s *emulator.Server) tls.ConnectionState {
	t.Helper()
	w := dialTLS(t, s)
	c := w.c.(*tls.Conn)
	if err := c.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState()
}

// Ensure the CA is shown with and without TLS, by the rules of the control API, and only if there
// is one.
func TestShowCA(t *testing.T) {
	t.Parallel()
	get := func(s *emulator.Server, url string, header ...string) (int, string) {
		t.Helper()
		c := s.Client()
		defer c.CloseIdleConnections()
		status, body, err := call(t.Context(), c, "GET", url+"/_standin/ca.pem", "", header...)
		if err != nil {
			t.Fatal(err)
		}
		return status, body
	}
	s := emulator.RunT(t, emulator.WithTLS(), emulator.WithControlToken("secret"))
	for _, url := range []string{s.URL, s.TLSURL, s.Sandbox(t).URL} {
		if status, body := get(s, url, "Authorization", "Bearer secret"); status != 200 || body != string(s.CA()) {
			t.Errorf("%s: %d %s", url, status, body)
		}
		if status, _ := get(s, url); status != 401 {
			t.Errorf("%s, without the token: %d", url, status)
		}
	}
	without := emulator.RunT(t)
	if status, body := get(without, without.URL); status != 404 || !strings.Contains(body, "There is no CA") || without.CA() != nil {
		t.Errorf("without TLS: %d %s", status, body)
	}
	late := emulator.RunT(t)
	more, err := late.Emulator().Start(t.Context(), "https://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer more.Close()
	if status, body := get(more, more.URL); status != 200 || body != string(more.CA()) || more.URL != more.TLSURL || !strings.HasPrefix(more.URL, "https://") {
		t.Errorf("with TLS on one address alone: %d %s %s", status, body, more.URL)
	}
}

// A pair is a certificate with its issuer, and its key, in files.
type pair struct{ cert, key string }

func newPair(t *testing.T) pair {
	t.Helper()
	dir := t.TempDir()
	p := pair{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Our CA"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca, err := x509.CreateCertificate(rand.Reader, template, template, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	parent, _ := x509.ParseCertificate(ca)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leaf, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IPAddresses: parent.IPAddresses,
	}, parent, key.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKCS8PrivateKey(key)
	put(t, p.cert, "CERTIFICATE", leaf, ca)
	put(t, p.key, "PRIVATE KEY", der)
	return p
}

func put(t *testing.T, path, kind string, blocks ...[]byte) {
	t.Helper()
	var text []byte
	for _, der := range blocks {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Ensure a given certificate is served with its chain, in place of one of the emulator's CA.
func TestGivenCertificate(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	s := emulator.RunT(t, emulator.WithTLSCertificate(p.cert, p.key))
	c := s.Client()
	defer c.CloseIdleConnections()
	resp, err := c.Get(strings.Replace(s.TLSURL, "127.0.0.1", "localhost", 1) + "/_standin/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if chain := resp.TLS.PeerCertificates; len(chain) != 2 || chain[1].Subject.CommonName != "Our CA" {
		t.Errorf("the chain is %d long", len(chain))
	}
	if resp.StatusCode != 404 || s.CA() != nil {
		t.Errorf("a CA all the same: %d %s", resp.StatusCode, s.CA())
	}
}

// Ensure what cannot be served is reported at the start.
func TestBadTLS(t *testing.T) {
	t.Parallel()
	one, two := newPair(t), newPair(t)
	text := filepath.Join(t.TempDir(), "text.pem")
	if err := os.WriteFile(text, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		opts []emulator.Option
		want string
	}{
		{"no file", []emulator.Option{emulator.WithTLSCertificate(filepath.Join(t.TempDir(), "none.pem"), one.key)}, "none.pem: no such file"},
		{"no PEM", []emulator.Option{emulator.WithTLSCertificate(text, one.key)}, `text.pem" with the key`},
		{"another's key", []emulator.Option{emulator.WithTLSCertificate(one.cert, two.key)}, "private key does not match public key"},
		{"no host", []emulator.Option{emulator.WithTLS("a b")}, `TLS host "a b": expected a host name or an IP address`},
		{"a URL", []emulator.Option{emulator.WithTLS("https://localhost")}, "expected a host name"},
		{"a port", []emulator.Option{emulator.WithTLS("localhost:1")}, "expected a host name"},
		{"nothing", []emulator.Option{emulator.WithTLS("")}, "expected a host name"},
		{"both", []emulator.Option{emulator.WithTLS("a"), emulator.WithTLSCertificate(one.cert, one.key)}, "WithTLSCertificate has given one"},
	}
	for _, tt := range tests {
		if _, err := emulator.New(tt.opts...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	s := emulator.RunT(t)
	if _, err := s.Emulator().Start(t.Context(), "https://nowhere"); err == nil || !strings.Contains(err.Error(), "expected HOST:PORT") {
		t.Errorf("an address without a port: %v", err)
	}
}

// Ensure links have the address by which the caller came, with one port for each way, and that
// sandboxes have both.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithTLS(), emulator.WithFixture("documented"))
	box := s.Sandbox(t)
	c := s.Client()
	defer c.CloseIdleConnections()
	for _, root := range []string{s.URL, s.TLSURL, box.URL, box.TLSURL} {
		for path, want := range map[string]string{
			"/v3/auth/catalog": `"` + root + `/key-manager"`,
			"/":                `"` + root + `/_standin/openapi/freezer"`,
			"/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90/consumers?limit=1": `"` + root + `/v1/containers/3c1d0f6e`,
		} {
			if status, body, err := call(t.Context(), c, "GET", root+path, ""); status != 200 || !strings.Contains(body, want) {
				t.Errorf("%s%s: %d %v, no %s in %s", root, path, status, err, want, body)
			}
		}
	}
	w := dialTLS(t, s)
	if _, body := w.send("GET /v3/auth/catalog HTTP/1.1\nHost: standin:9312\nX-Auth-Token: demo-token", ""); !strings.Contains(body, `"https://standin:9312/backup"`) {
		t.Errorf("over HTTP/1.1: %s", body)
	}
}

// Ensure the catalogue of a service on its own listener links to listeners of the same kind, if
// there are any.
func TestTLSListenersOfTheirOwn(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context(), "keystone=127.0.0.1:0", "keystone=https://127.0.0.1:0", "barbican=127.0.0.1:0", "barbican=https://127.0.0.1:0", "freezer=127.0.0.1:0", "https://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := s.Client()
	defer c.CloseIdleConnections()
	if s.URL != s.TLSURL || s.URL != "https://"+s.TLSAddr("") || s.Addr("keystone") == s.TLSAddr("keystone") || s.Addr("devops") != s.TLSAddr("") {
		t.Errorf("%s %s %s", s.URL, s.TLSURL, s.Addr("keystone"))
	}
	tests := []struct{ at, barbican, freezer string }{
		{"http://" + s.Addr("keystone"), "http://" + s.Addr("barbican"), "http://" + s.Addr("freezer")},
		{"https://" + s.TLSAddr("keystone"), "https://" + s.TLSAddr("barbican"), s.TLSURL + "/backup"},
	}
	for _, tt := range tests {
		status, body, err := call(t.Context(), c, "GET", tt.at+"/v3/auth/catalog", "")
		if err != nil || status != 200 || !strings.Contains(body, `"`+tt.barbican+`"`) || !strings.Contains(body, `"`+tt.freezer+`"`) {
			t.Errorf("from %s: %d %v, no %s or %s in %s", tt.at, status, err, tt.barbican, tt.freezer, body)
		}
	}
}

// Ensure a request without TLS gets an error that says so. Ensure a silent client does not block
// others, and the server can stop while it is connected.
func TestNoHandshake(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithTLS())
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	silent := dialTo(t, s.TLSAddr(""))
	got, end := raw(t, s.TLSAddr(""), false, listRequest)
	if !bytes.HasPrefix(got, []byte("HTTP/1.0 400 Bad Request\r\n")) || !bytes.Contains(got, []byte("https://")) || end != fin {
		t.Errorf("%s: %q", end, got)
	}
	if line, _ := dialTLS(t, s).send("GET /v1/clients HTTP/1.1\n"+demoHead, ""); line != "HTTP/1.1 200 OK" {
		t.Errorf("got %q", line)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := silent.r.ReadByte(); err == nil {
		t.Error("the connection lives on")
	}
}

// A tap keeps what is read from a connection.
type tap struct {
	net.Conn
	all bytes.Buffer
}

func (c *tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.all.Write(b[:n])
	return n, err
}

// Ensure an answer that ends with its connection ends with a TLS alert, and that one which is cut
// does not.
func TestFarewell(t *testing.T) {
	t.Parallel()
	for _, c := range []*fault.Connection{{Kind: fault.SlowClose, For: fault.Duration(time.Millisecond)}, fault.Cut(fault.Truncate)} {
		s := emulator.RunT(t, emulator.WithTLS(), emulator.WithFault(fault.Rule{What: fault.What{Connection: c}}))
		below := &tap{Conn: dialTo(t, s.TLSAddr("")).c}
		over := tls.Client(below, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}) // alerts are recognised by their type
		if _, err := io.WriteString(over, listRequest); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(over); err != nil || !bytes.HasPrefix(got, []byte("HTTP/1.1 200 OK\r\n")) {
			t.Errorf("%s: %q %v", c.Kind, got, err)
		}
		if farewell := bytes.Contains(below.all.Bytes(), []byte{21, 3, 3, 0}); farewell != (c.Kind == fault.SlowClose) {
			t.Errorf("%s: farewell %v", c.Kind, farewell)
		}
	}
}
