package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// part is the variable that makes the test binary a command: it names the part to play.
const part = "STANDIN_TEST_PART"

// TestMain lets the test binary be the commands that the tests run.
func TestMain(m *testing.M) {
	name := os.Getenv(part)
	if name == "" {
		goleak.VerifyTestMain(m)
		return
	}
	play, known := parts[name]
	if !known {
		panic("no part " + name)
	}
	os.Exit(play())
}

// parts are what the test binary can do as a command.
var parts = map[string]func() int{
	"greet": func() int {
		fmt.Println("out", os.Getenv("GREETING"))
		fmt.Fprintln(os.Stderr, "err")
		return 3
	},
	"read": func() int {
		n, err := io.Copy(os.Stdout, os.Stdin)
		fmt.Println(n, "bytes", err)
		return 0
	},
	"environment": func() int {
		fmt.Println(strings.Join(os.Environ(), "\n"))
		return 0
	},
	"panic": func() int { panic("it went wrong") },
	"flood": func() int {
		fmt.Fprintln(os.Stderr, "Segmentation fault")
		out := bufio.NewWriter(os.Stdout)
		for i := range 1_000_000 {
			fmt.Fprintln(out, "line", i)
		}
		_ = out.Flush()
		return 0
	},
	"endless": func() int {
		for _, w := range []io.Writer{os.Stdout, os.Stderr} {
			go func() {
				for {
					_, _ = w.Write(bytes.Repeat([]byte("y\n"), 2048))
				}
			}()
		}
		return idle()
	},
	"polite": func() int {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		ready()
		fmt.Println("got", <-stop)
		return 0
	},
	"stubborn": func() int {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		ready()
		return idle()
	},
	"idle": func() int { // ends at SIGTERM
		ready()
		return idle()
	},
	"leave": leave,
}

// idle waits for longer than any test.
func idle() int {
	time.Sleep(5 * time.Minute)
	return 1
}

// ready writes the number of the process to the file that READY names, if it names one.
func ready() {
	path := os.Getenv("READY")
	if path == "" {
		return
	}
	if err := os.WriteFile(path+".new", []byte(fmt.Sprint(os.Getpid())), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		panic(err)
	}
}

// leave starts a process with the part LEAVE and the same outputs, and ends when it is ready.
func leave() int {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), part+"="+os.Getenv("LEAVE"))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	depart(cmd)
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(os.Getenv("READY")); err == nil {
			break
		}
	}
	fmt.Println("left")
	return 0
}

// self is a command that plays a part.
func self(t *testing.T) *Command {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Command{Args: []string{path}}
}

// play runs a command in a part to its end.
func play(t *testing.T, c *Command, name string, env ...string) Ending {
	t.Helper()
	end, err := c.Run(t.Context(), append(env, part+"="+name))
	if err != nil {
		t.Fatal(err)
	}
	if end.Took <= 0 {
		t.Errorf("took %v", end.Took)
	}
	return end
}

// await waits for a process that calls ready, and returns its number.
func await(t *testing.T, path string) (pid int) {
	t.Helper()
	eventually(t, func() bool {
		text, _ := os.ReadFile(path)
		_, err := fmt.Sscan(string(text), &pid)
		return err == nil
	})
	return pid
}

// eventually waits until a condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// Ensure the output of both streams is kept, with the exit code in words.
func TestKept(t *testing.T) {
	t.Parallel()
	end := play(t, self(t), "greet", "GREETING=hello")
	if end.Code != 3 || end.Found != "exit code 3" || end.Signal != 0 || end.Stopped || end.Trace != "" {
		t.Errorf("%+v", end)
	}
	if !strings.Contains(end.Output, "out hello\n") || !strings.Contains(end.Output, "err\n") {
		t.Errorf("output %q", end.Output)
	}
}

// Ensure streams are passed through, and that nothing is kept then.
func TestPassedThrough(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	c := self(t)
	c.Streams = &Streams{In: strings.NewReader("question\n"), Out: &out, Err: &errOut}
	if end := play(t, c, "read"); end.Code != 0 || end.Output != "" || out.String() != "question\n9 bytes <nil>\n" {
		t.Errorf("%+v, output %q", end, &out)
	}
	out.Reset()
	if end := play(t, c, "greet"); end.Code != 3 || out.String() != "out \n" || errOut.String() != "err\n" {
		t.Errorf("%+v, outputs %q %q", end, &out, &errOut)
	}
}

// Ensure a command that reads its input meets the end at once.
func TestNoInput(t *testing.T) {
	t.Parallel()
	if end := play(t, self(t), "read"); end.Output != "0 bytes <nil>\n" {
		t.Errorf("%+v", end)
	}
}

// Ensure a real crash has a trace.
func TestCrash(t *testing.T) {
	t.Parallel()
	if end := play(t, self(t), "panic"); end.Code != 2 || end.Trace != "Go" || !strings.Contains(end.Output, "panic: it went wrong") {
		t.Errorf("%+v", end)
	}
}

// Ensure the beginning and the end of a long output are kept, and that a trace in the errors is
// found whatever else is written.
func TestFlood(t *testing.T) {
	t.Parallel()
	end := play(t, self(t), "flood")
	if len(end.Output) > 2*half+100 || !strings.Contains(end.Output, "line 0\nline 1\n") || !strings.HasSuffix(end.Output, "line 999998\nline 999999\n") || !strings.Contains(end.Output, " bytes left out]\n") {
		t.Errorf("%d bytes: %.100s", len(end.Output), end.Output)
	}
	if end.Trace != "native code" {
		t.Errorf("trace %q", end.Trace)
	}
	if end.Busy <= 0 {
		t.Errorf("a million lines took %s of a processor", end.Busy)
	}
}

// Ensure a command that writes without end can write all the time, and is stopped at its limit.
func TestEndless(t *testing.T) {
	t.Parallel()
	c := self(t)
	c.Limit = time.Second
	end := play(t, c, "endless")
	if end.Code != -1 || !end.Stopped || end.Found != "stopped after 1s" || len(end.Output) > 2*half+100 {
		t.Errorf("%d %t %s, %d bytes", end.Code, end.Stopped, end.Found, len(end.Output))
	}
	var left int
	if _, note, _ := strings.Cut(end.Output, "\n["); true {
		_, _ = fmt.Sscan(note, &left)
	}
	if left < 100<<10 {
		t.Errorf("only %d bytes were left out", left)
	}
}

// Ensure many runs at once have each their own output, also of the same command.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	c := self(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 4 {
				greeting := fmt.Sprintf("%d/%d", i, j)
				end, err := c.Run(t.Context(), []string{part + "=greet", "GREETING=" + greeting})
				if err != nil || end.Code != 3 || strings.Count(end.Output, "out") != 1 || !strings.Contains(end.Output, "out "+greeting+"\n") {
					t.Errorf("%s: %+v, %v", greeting, end, err)
				}
			}
		})
	}
	all.Wait()
}

// Ensure the end of the context ends a command, and that its output is kept.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	path := filepath.Join(t.TempDir(), "pid")
	go func() {
		defer interrupt()
		await(t, path)
	}()
	end, err := self(t).Run(ctx, []string{part + "=idle", "READY=" + path})
	if !errors.Is(err, ErrInterrupted) || end.Stopped || end.Took <= 0 {
		t.Errorf("%+v, %v", end, err)
	}
	end, err = self(t).Run(ctx, []string{part + "=idle"})
	if !errors.Is(err, ErrInterrupted) || end.Output != "" {
		t.Errorf("before it began: %+v, %v", end, err)
	}
}

// Ensure a command that cannot be run is an error, with its name.
func TestCannotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "no command; expected a program and its arguments"},
		{[]string{"./nothing"}, "./nothing"},
		{[]string{"standin-nothing"}, `"standin-nothing": executable file not found`},
		{[]string{dir}, dir},
	} {
		end, err := (&Command{Args: tt.args}).Run(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || end != (Ending{}) {
			t.Errorf("%q: %+v, %v", tt.args, end, err)
		}
	}
}

// Ensure variables that lead elsewhere are dropped, and that those of the run are set.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]bool{
		"HTTPS_PROXY=x": true, "http_proxy=x": true, "All_Proxy=": true, "OS_CLOUD=x": true, "PRIVX_URL=x": true, "DEVOPS_URL=x": true,
		"PATH=x": false, "no_proxy=x": false, "OSTYPE=x": false, "MY_OS_CLOUD=x": false, "os_cloud=x": false, "": false,
	} {
		if got := foreign(variable); got != want {
			t.Errorf("%s: %t", variable, got)
		}
	}
	if end := play(t, self(t), "environment", "OS_CLOUD=ours"); !strings.Contains(end.Output, "OS_CLOUD=ours\n") {
		t.Errorf("output %q", end.Output)
	}
}
