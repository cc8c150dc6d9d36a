package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ask sends a request with a valid token.
func ask(t *testing.T, url string, header ...string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "demo-token")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// Ensure a server continues when nobody reads its output. The output is closed after the first
// line, or it stays open and is full.
func TestOutputThatNobodyReads(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"stderr closed", "stdout and stderr closed", "stdout and stderr full"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			cmd := exec.CommandContext(t.Context(), self, "serve", "--listen", "127.0.0.1:0")
			cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin")
			cmd.Stdout, cmd.Stderr = write, write
			ready := read
			if how == "stderr closed" {
				var out *os.File
				if ready, out, err = os.Pipe(); err != nil {
					t.Fatal(err)
				}
				defer ready.Close()
				defer out.Close()
				cmd.Stdout = out
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			write.Close()
			line, err := bufio.NewReaderSize(ready, 16).ReadString('\n') // little is read ahead
			if err != nil {
				t.Fatal(err)
			}
			if how != "stdout and stderr full" {
				read.Close()
			}
			_, url, _ := strings.Cut(strings.TrimSpace(line), "standin ready ")
			long := strings.Repeat("x", 8000) // more than a pipe and the outlet can hold
			for i := range 60 {
				if got := ask(t, url+"/v1/clients/"+long); got != http.StatusNotFound {
					t.Fatalf("request %d: %d", i, got)
				}
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}

// Ensure standin run returns its exit code when nobody reads the verdict, and that the command gets
// SIGPIPE as it would without standin.
func TestVerdictThatNobodyReads(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	defer write.Close()
	cmd := exec.CommandContext(t.Context(), self, "run", "--", "sh", "-c", list+`; yes | head -1; sh -c 'kill -PIPE $$'; test $? -gt 128 && exit 1`)
	cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin")
	cmd.Stderr = write
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("it ends with %v", err)
	}
}

// Ensure lines that are not read in time are dropped and counted, and all others are written whole.
func TestOutlet(t *testing.T) {
	t.Parallel()
	read, write := io.Pipe()
	o := newOutlet(write, func(n int64) []byte { return fmt.Appendf(nil, "%d dropped\n", n) })
	line := []byte(strings.Repeat("x", 1023) + "\n")
	const lines = 1000
	for range lines {
		if n, err := o.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	written, dropped := 0, 0
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			var n int
			if text := lines.Text(); text+"\n" == string(line) {
				written++
			} else if _, err := fmt.Sscanf(text, "%d dropped", &n); err != nil {
				t.Errorf("%.40q: %v", text, err)
			} else {
				dropped += n
			}
		}
	}()
	o.close()
	write.Close()
	<-counted
	if written < maxWaiting/len(line)/2 || dropped == 0 || written+dropped != lines {
		t.Errorf("%d written, %d dropped", written, dropped)
	}
}

// Ensure exchanges are logged as the flags say, as text and in one schema of JSON.
func TestExchangesAreLogged(t *testing.T) {
	t.Parallel()
	const (
		ok      = "   1  200  GET    /v1/clients  [freezer.clients.list]  demo  "
		failed  = "   2  503  GET    /v1/clients  [freezer.clients.list]  demo  "
		strange = "   1  404  GET    /no\\nwhere  [no operation]  "
	)
	for _, tt := range []struct {
		flags      []string
		want, none []string
	}{
		{[]string{"--log", "requests"}, []string{ok, failed, "fault=request (status 503)", "  box     ", strange}, []string{"secret", "default", "_standin"}},
		{nil, []string{failed}, []string{ok, strange}}, // not a terminal
		{[]string{"--log", "errors"}, []string{failed}, []string{ok, strange}},
		{[]string{"--log", "requests", "--log-level", "warn"}, []string{failed}, []string{ok, strange}},
		{[]string{"--log", "off"}, nil, []string{"GET"}},
		{[]string{"--log-level", "error"}, nil, []string{"GET"}},
		{[]string{"--log", "requests", "--log-format", "json"}, []string{`"level":"info","sandbox":"default","sequence":1,"method":"GET","path":"/v1/clients","operation":"freezer.clients.list","status":200,"took_ms":`, `"level":"warn"`, `"faults":["request"]`, `"sandbox":"box"`}, []string{"secret"}},
	} {
		t.Run(strings.Join(tt.flags, " "), func(t *testing.T) {
			t.Parallel()
			url, log := serve(t, append(tt.flags, "--control-token", "t")...)
			ask(t, url+"/v1/clients?limit=1&x=secret")
			ask(t, url+"/v1/clients", "X-Standin-Fault", "status=503")
			ask(t, url+"/~box/no%0Awhere")
			ask(t, url+"/_standin/state")
			for _, want := range tt.want {
				log.await(t, want)
			}
			if len(tt.want) == 0 {
				time.Sleep(50 * time.Millisecond)
			}
			text := log.await(t, "")
			for _, none := range tt.none {
				if strings.Contains(text, none) {
					t.Errorf("%s in %s", none, text)
				}
			}
			if len(tt.flags) > 0 && tt.flags[0] == "--log-format" {
				for line := range strings.Lines(text) {
					var e struct{ Level, Time, Message string }
					if err := json.Unmarshal([]byte(line), &e); err != nil || e.Level == "" || e.Time == "" || e.Message == "" {
						t.Errorf("%s: %v", line, err)
					}
				}
			}
		})
	}
}

// Ensure a failure to start is a line of JSON with --log-format json.
func TestFailuresToStartAreLogged(t *testing.T) {
	t.Parallel()
	code, _, errOut := command(t, "serve", "--log-format", "json", "--fixture", "documentd")
	var e struct{ Level, Message string }
	if err := json.Unmarshal([]byte(errOut), &e); err != nil || code != 1 || e.Level != "error" || !strings.Contains(e.Message, `did you mean "documented"?`) {
		t.Errorf("%d %s: %v", code, errOut, err)
	}
}
