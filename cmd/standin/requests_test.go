package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Ensure past and new requests are printed.
func TestRequests(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, "--control-token", "secret")
	fetch(t, url+"/~box/v1/clients")
	if code, _, errOut := command(t, "requests", "--url", url, "--sandbox", "box"); code != 1 || !strings.Contains(errOut, "401") {
		t.Errorf("without the token: %d %s", code, errOut)
	}
	if code, _, errOut := command(t, "requests", "--url", url, "--token", "secret", "--sandbox", "bix"); code != 1 || !strings.Contains(errOut, `did you mean`) {
		t.Errorf("an unknown sandbox: %d %s", code, errOut)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, done := &tail{}, make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"requests", "--url", url, "--token", "secret", "--sandbox", "box", "--follow"}, streams{out, io.Discard})
	}()
	out.await(t, "1  200  GET    /v1/clients  [freezer.clients.list]  demo")
	fetch(t, url+"/~box/v1/client")
	out.await(t, "2  404  GET    /v1/client  [no operation]")
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Ensure standin requests finds the sandbox in a URL, all sandboxes, and one exchange. Ensure it
// prints the text of an error.
func TestRequestsOfSandboxes(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	ask(t, url+"/~box/v1/clients?limit=1", "X-Standin-Fault", "status=503")
	ask(t, url+"/v1/clients")
	ask(t, url+"/~box/v1/clients/b%1bx")
	ask(t, url+"/~box/v1/clients?limit=x")
	other, _ := serve(t)
	ask(t, other+"/~elsewhere/v1/clients")
	const boxed, plain = "   1  503  GET    /v1/clients?limit=1  [freezer.clients.list]  demo", "   1  200  GET    /v1/clients  [freezer.clients.list]  demo"
	for _, tt := range []struct {
		args       []string
		code       int
		want, none string
	}{
		{[]string{"--url", url + "/~box"}, 0, boxed, plain},
		{[]string{"--url", url + "/~box/"}, 0, boxed, "/~box"},
		{[]string{"--url", url, "--sandbox", "box"}, 0, boxed, plain},
		{[]string{"--url", url}, 0, plain, boxed},
		{[]string{"--url", url, "--all"}, 0, "box          " + boxed, "/~box"},
		{[]string{"--url", url, "--all"}, 0, "default      " + plain, ""},
		{[]string{"--url", url, "--url", other, "--all"}, 0, "elsewhere    " + plain, ""},
		{[]string{"--url", url, "--url", other, "--all"}, 0, "box          " + boxed, ""},
		{[]string{"--url", url, "--url", other}, 2, "--url is given 2 times; only --all asks several emulators", ""},
		{[]string{"--url", url + "/~box", "--sandbox", "other"}, 1, "--url selects sandbox box, but --sandbox is other", ""},
		{[]string{"0"}, 2, `"0": expected the number of an exchange, from 1`, ""},
		{[]string{"--url", url + "/~box", "1"}, 0, "fault request fired at its request 1: [status 503]", "200"},
		{[]string{"--url", url + "/~box", "1"}, 0, "> GET /~box/v1/clients?limit=1\n> Accept-Encoding: gzip\n", ""},
		{[]string{"--url", url + "/~box", "1"}, 0, "\n< 503\n", ""},
		{[]string{"--url", url + "/~box", "2"}, 0, `> GET /~box/v1/clients/b\x1bx`, "\x1b"},
		{[]string{"--url", url + "/~box", "3"}, 0, "\nrefused by: query: limit\n", ""},
		{[]string{"--url", url + "/~box"}, 0, "refused by: query: limit\n", ""},
		{[]string{"--url", url, "7"}, 1, "standin: 404 Not Found: No request 7; the newest is 1.\n", "{"},
		{[]string{"--url", url, "--operation", "freezer.client.*"}, 1, "standin: 400 Bad Request: no operation freezer.client.*", "{"},
	} {
		code, out, errOut := command(t, append([]string{"requests"}, tt.args...)...)
		if text := out + errOut; code != tt.code || !strings.Contains(text, tt.want) || tt.none != "" && strings.Contains(text, tt.none) {
			t.Errorf("%v: code %d\n%s", tt.args, code, text)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	out, done := &tail{}, make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"requests", "--url", url, "--url", other, "--url", "127.0.0.1:1", "--all", "--follow"}, streams{out, io.Discard})
	}()
	out.await(t, boxed)
	out.await(t, plain)
	ask(t, url+"/~new/v1/clients")
	out.await(t, "new          "+plain)
	ask(t, other+"/~new/v1/clients?limit=1")
	out.await(t, "new          "+strings.Replace(boxed, "503", "200", 1))
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Ensure exchanges are printed in the formats of other tools, from a server and from a file.
func TestRequestsInFormats(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	const traced = "0af7651916cd43dd8448eb211c80319c"
	ask(t, url+"/v1/clients?limit=1", "Traceparent", "00-"+traced+"-b7ad6b7169203331-01")
	ask(t, url+"/v1/clients?limit=2")
	host := strings.TrimPrefix(url, "http://")
	lines := func(args ...string) []string {
		t.Helper()
		code, out, errOut := command(t, append([]string{"requests"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: code %d, %s", args, code, errOut)
		}
		return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	}
	saved := write(t, "requests.jsonl", strings.Join(lines("--url", url, "--format", "json"), "\n")+"\n")
	for _, from := range [][]string{{"--url", url}, {"--file", saved}} {
		if got := lines(append(from, "--format", "json")...); len(got) != 2 || !strings.Contains(got[1], `"query":"limit=2"`) {
			t.Errorf("%v as JSON: %s", from, got)
		}
		if got := lines(append(from, "--format", "curl", "2")...); len(got) != 1 || !strings.HasPrefix(got[0], "curl -g --path-as-is --proto =http,https --url 'http://"+host+"/v1/clients?limit=2' --compressed ") {
			t.Errorf("%v as a command: %s", from, got)
		}
		if got := lines(append(from, "--trace", traced)...); len(got) != 1 || !strings.Contains(got[0], "limit=1") {
			t.Errorf("%v of a trace: %s", from, got)
		}
		var har struct {
			Log struct{ Entries []any }
		}
		text := strings.Join(lines(append(from, "--format", "har")...), "\n")
		if err := json.Unmarshal([]byte(text), &har); err != nil || len(har.Log.Entries) != 2 {
			t.Errorf("%v as HAR: %v in %s", from, err, text)
		}
	}
	for flags, want := range map[string]string{"--follow --format har": "which have an end", "--trace x": "32 hexadecimal digits", "--format xml": "must be one of"} {
		code, _, errOut := command(t, append([]string{"requests", "--url", url}, strings.Fields(flags)...)...)
		if code == 0 || !strings.Contains(errOut, want) {
			t.Errorf("%s: code %d, %s", flags, code, errOut)
		}
	}
}

// Ensure flags select exchanges, those of a server, those of a file, and new ones alike.
func TestRequestsAreSelected(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	ask(t, url+"/~box/v1/clients?limit=1")
	ask(t, url+"/~box/v1/clients?limit=2", "X-Standin-Fault", "status=503")
	ask(t, url+"/~box/v1/client")
	at := url + "/~box"
	code, all, errOut := command(t, "requests", "--url", at, "--format", "json")
	if code != 0 {
		t.Fatal(errOut)
	}
	saved := write(t, "requests.jsonl", all)
	for flags, want := range map[string]string{
		"--operation freezer.*": "12", "--operation none": "3", "--status 5xx": "2", "--status 404": "3", "--status none": "", "--method get": "123", "--method POST": "",
		"--path /v1/clients": "12", "--path /~box/v1/client": "3", "--fault *": "2", "--fault request": "2", "--fault other": "", "--ended answered": "123", "--ended cut": "",
		"--status 2xx --path /v1/*": "1",
	} {
		for _, from := range []string{"--url " + at, "--file " + saved} {
			code, out, errOut := command(t, append([]string{"requests", "--format", "curl"}, strings.Fields(from+" "+flags)...)...)
			got := ""
			for n, part := range []string{"clients?limit=1'", "clients?limit=2'", "/client'"} {
				if strings.Contains(out, part) {
					got += strconv.Itoa(n + 1)
				}
			}
			if code != 0 || got != want {
				t.Errorf("%s %s: code %d, requests %q, want %q\n%s%s", from, flags, code, got, want, out, errOut)
			}
		}
	}
	for _, from := range []string{"--url " + at, "--file " + saved} {
		code, _, errOut := command(t, append([]string{"requests", "--status", "often"}, strings.Fields(from)...)...)
		if code != 2 || !strings.Contains(errOut, "--status: ") {
			t.Errorf("%s and a status that is none: code %d, %s", from, code, errOut)
		}
	}
	if code, _, errOut := command(t, "requests", "1", "--url", at, "--status", "503"); code != 2 || !strings.Contains(errOut, "cannot be combined with flags that select") {
		t.Errorf("a number and a status: code %d, %s", code, errOut)
	}
	if code, _, errOut := command(t, "requests", "--file", saved, "--operation", "freezer.clients.lst"); code != 1 || !strings.Contains(errOut, "did you mean freezer.clients.list") {
		t.Errorf("a file and an operation that is none: code %d, %s", code, errOut)
	}
	if code, _, errOut := command(t, "requests", "--all", "--url", at); code != 1 || !strings.Contains(errOut, "selects a sandbox") {
		t.Errorf("all, and a sandbox in the address: code %d, %s", code, errOut)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, done := &tail{}, make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"requests", "--url", at, "--follow", "--status", "5xx"}, streams{out, io.Discard})
	}()
	out.await(t, "2  503  GET    /v1/clients?limit=2")
	ask(t, url+"/~box/v1/clients?limit=4")
	ask(t, url+"/~box/v1/clients?limit=5", "X-Standin-Fault", "status=503")
	text := out.await(t, "5  503  GET    /v1/clients?limit=5")
	stop()
	if code := <-done; code != 0 || strings.Contains(text, "limit=4") {
		t.Errorf("code %d\n%s", code, text)
	}
}

// Ensure the files that standin run wrote can be printed, with times if they have them.
func TestRequestsOfFiles(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	dir := t.TempDir()
	journal, timed := filepath.Join(dir, "journal"), filepath.Join(dir, "requests")
	client := list + `; curl -s -o /dev/null "$STANDIN_URL/~box/v1/clients" -H "X-Auth-Token: demo-token"`
	for i, scenarios := range [][]string{{"flaky"}, {"flaky", "unauthorized"}} {
		if code, _, errOut := command(t, append(append([]string{"run", "--journal", journal, "--requests", timed}, scenarios...), "--", "sh", "-c", client)...); code != 0 {
			t.Fatal(errOut)
		}
		_, old, _ := command(t, "requests", "--file", journal)
		_, out, _ := command(t, "requests", "--file", timed)
		if !strings.Contains(old, "--:--:--  default         1  200  GET    /v1/clients  [") || strings.Contains(out, "--:--:--") || !strings.Contains(out, "box             1  200  GET    /v1/clients  [") {
			t.Errorf("%s\n%s", old, out)
		}
		if got := strings.Count(out, "scenario "); got != i*2 {
			t.Errorf("%d headings: %s", got, out)
		}
	}
	if code, out, _ := command(t, "requests", "--file", timed, "--sandbox", "box", "1"); code != 0 || !strings.Contains(out, "sandbox box, caller demo, answered\nbegan 20") {
		t.Errorf("%d %s", code, out)
	}
	if code, _, errOut := command(t, "requests", "--file", timed, "9"); code != 1 || !strings.Contains(errOut, "no exchange 9") {
		t.Errorf("%d %s", code, errOut)
	}
	if code, _, errOut := command(t, "requests", "--file", write(t, "other", "{}\n")); code != 1 || !strings.Contains(errOut, "other:1: expected an exchange") {
		t.Errorf("%d %s", code, errOut)
	}
}

// Ensure no proxy is used for an emulator, whatever its address is.
func TestNoProxyIsAsked(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"127.0.0.1", "localhost"}
	if addresses, err := net.LookupHost(name); err == nil {
		hosts = append(append(hosts, name), addresses...)
	}
	for _, host := range hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			continue // not an address of this machine
		}
		at := l.Addr().String()
		l.Close()
		serve(t, "--listen", at)
		_, port, _ := net.SplitHostPort(at)
		for _, args := range [][]string{{"healthcheck", "--listen", net.JoinHostPort(host, port)}, {"requests", "--url", "http://" + net.JoinHostPort(host, port)}} {
			cmd := exec.CommandContext(t.Context(), self, args...)
			cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin", "HTTP_PROXY=http://127.0.0.1:9", "http_proxy=http://127.0.0.1:9", "NO_PROXY=", "no_proxy=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v: %s", args, err, out)
			}
		}
	}
}
