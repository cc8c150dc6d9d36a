package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Ensure serve --tls also listens with TLS, that clients need only its CA, and that the other
// commands reach it with and without TLS.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	urls, _ := serve(t, "--tls", "--tls-listen", "127.0.0.1:0", "--tls-listen", "barbican=127.0.0.1:0", "--tls-host", "standin")
	plain, secured, ok := strings.Cut(urls, " ")
	if !ok || !strings.HasPrefix(plain, "http://") || !strings.HasPrefix(secured, secureScheme) {
		t.Fatalf("standin ready %s", urls)
	}
	ca := write(t, "ca.pem", fetch(t, plain+"/_standin/ca.pem"))
	for _, args := range [][]string{{}, {"--http1.1"}} {
		_, port, _ := strings.Cut(strings.TrimPrefix(secured, secureScheme), ":")
		at := "https://standin:" + port
		args = append(args, "-s", "--noproxy", "*", "--cacert", ca, "--resolve", "standin:"+port+":127.0.0.1", "-H", "X-Auth-Token: demo-token", at+"/v3/auth/catalog")
		out, err := exec.CommandContext(t.Context(), needs(t, "curl"), args...).Output()
		if err != nil || !strings.Contains(string(out), `"`+at+`/backup"`) {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
	for _, url := range []string{plain, secured} {
		if code, _, errOut := command(t, "healthcheck", "--listen", strings.TrimPrefix(url, "http://")); code != 0 {
			t.Errorf("healthcheck of %s: %s", url, errOut)
		}
		if code, out, errOut := command(t, "requests", "--url", url); code != 0 || !strings.Contains(out, "keystone.catalog.show") {
			t.Errorf("requests of %s: %s %s", url, out, errOut)
		}
	}
}

// Ensure standin can listen with TLS only, and is reported ready.
func TestServeTLSAlone(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	out, done := &tail{}, make(chan int, 1)
	go func() { done <- run(ctx, []string{"--listen", "https://127.0.0.1:0"}, streams{out, io.Discard}) }()
	defer func() {
		stop()
		if code := <-done; code != 0 {
			t.Errorf("exit code %d", code)
		}
	}()
	line := strings.TrimSpace(out.await(t, "\n"))
	url, ok := strings.CutPrefix(line, "standin ready ")
	if !ok || !strings.HasPrefix(url, secureScheme) || strings.Contains(url, " ") {
		t.Fatal(line)
	}
	if code, _, errOut := command(t, "healthcheck", "--listen", url); code != 0 {
		t.Errorf("healthcheck: %s", errOut)
	}
	if code, _, errOut := command(t, "healthcheck", "--listen", strings.TrimPrefix(url, secureScheme)); code != 1 || !strings.Contains(errOut, "400") {
		t.Errorf("healthcheck without TLS: %d %s", code, errOut)
	}
}

func TestTLSAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		flags        tlsFlags
		listen, want string
	}{
		{tlsFlags{}, "127.0.0.1:9311", "127.0.0.1:9311"},
		{tlsFlags{TLS: true}, "127.0.0.1:9311", "127.0.0.1:9311 https://127.0.0.1:9312"},
		{tlsFlags{TLSHost: []string{"standin"}}, "0.0.0.0:80", "0.0.0.0:80 https://0.0.0.0:9312"},
		{tlsFlags{TLS: true}, "keystone=[::1]:80", "keystone=[::1]:80 https://[::1]:9312"},
		{tlsFlags{TLS: true}, "", "https://127.0.0.1:9312"},
		{tlsFlags{TLS: true}, "127.0.0.1:0", "127.0.0.1:0 https://127.0.0.1:0"},
		{tlsFlags{TLS: true}, "https://:80", "https://:80"},
		{tlsFlags{TLS: true}, "127.0.0.1:80 freezer=https://:81", "127.0.0.1:80 freezer=https://:81"},
		{tlsFlags{TLSListen: []string{":1", "barbican=:2", "https://:3"}}, ":80", ":80 https://:1 barbican=https://:2 https://:3"},
		{tlsFlags{TLSListen: []string{":1"}}, "https://:80", "https://:80 https://:1"},
	}
	for _, tt := range tests {
		if got, want := tt.flags.addresses(strings.Fields(tt.listen)), strings.Fields(tt.want); !slices.Equal(got, want) {
			t.Errorf("%+v with %s: got %q, want %q", tt.flags, tt.listen, got, want)
		}
	}
}

// Ensure flags that contradict each other, and files that cannot be served, are refused.
func TestBadTLSFlags(t *testing.T) {
	t.Parallel()
	text := write(t, "text.pem", "no PEM")
	tests := []struct {
		args   []string
		errOut string
	}{
		{[]string{"--tls-cert", text}, errHalfOfPair},
		{[]string{"--tls-key", text}, errHalfOfPair},
		{[]string{"--tls-cert", text, "--tls-key", text, "--tls-host", "a"}, errHostOfPair},
		{[]string{"--tls-cert", text, "--tls-key", text}, "failed to find any PEM data"},
		{[]string{"--tls-cert", filepath.Join(t.TempDir(), "none"), "--tls-key", text}, "no such file"},
		{[]string{"--tls-host", "a b"}, "expected a host name or an IP address"},
		{[]string{"--tls-listen", "nowhere=127.0.0.1:0"}, `no service "nowhere"`},
	}
	for _, tt := range tests {
		if code, _, errOut := command(t, append([]string{"--listen", "127.0.0.1:0"}, tt.args...)...); code != 1 || !strings.Contains(errOut, tt.errOut) {
			t.Errorf("%q: %d %s", tt.args, code, errOut)
		}
	}
}

// Ensure the flags can be set by environment variables, as in compose files.
func TestTLSEnvironment(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin", "STANDIN_LISTEN=https://127.0.0.1:0", "STANDIN_TLS=true", "STANDIN_TLS_LISTEN=127.0.0.1:0,barbican=127.0.0.1:0", "STANDIN_TLS_HOST=standin")
	out := &tail{}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := out.await(t, "\n")
	stop()
	_ = cmd.Wait()
	if !strings.HasPrefix(line, "standin ready https://127.0.0.1:") {
		t.Error(line)
	}
}

// Ensure certificates are verified except on this machine.
func TestClientFor(t *testing.T) {
	t.Parallel()
	for url, open := range map[string]bool{
		"https://127.0.0.1:1": true, "https://[::1]:1": true, "https://localhost:1": true,
		"https://192.0.2.1:1": false, "https://standin:1": false, "::": false,
	} {
		transport, ok := clientFor(url).Transport.(*http.Transport)
		if got := ok && transport.TLSClientConfig.InsecureSkipVerify; got != open {
			t.Errorf("%s: %v", url, got)
		}
	}
}
