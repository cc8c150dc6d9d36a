package command

import (
	"fmt"
	"strings"
	"testing"
)

// traces are the last lines of clients that crashed, as the runtimes print them.
var traces = []struct{ name, runtime, errors string }{
	{"a nil pointer", "Go", `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47a750]

goroutine 1 [running]:
main.main()
	/src/client/main.go:2 +0x10
exit status 2
`},
	{"a deadlock", "Go", `fatal error: all goroutines are asleep - deadlock!

goroutine 1 [sync.Mutex.Lock]:
sync.(*Mutex).Lock(...)
	/usr/local/go/src/sync/mutex.go:46
`},
	{"a second panic", "Go", `panic: first [recovered]
	panic: second

goroutine 7 gp=0x1813cf03a1e0 m=3 mp=0x1813cf108000 [running, locked to thread]:
main.work()
`},
	{"a quit signal", "Go", "SIGQUIT: quit\nPC=0x47a750 m=0 sigcode=0\n\ngoroutine 0 gp=0x5 m=0 mp=0x6 [idle]:\nruntime.futex(0x1)\n"},
	{"a missing key", "Python", `Traceback (most recent call last):
  File "/src/client.py", line 2, in <module>
    f()
  File "/src/client.py", line 1, in f
    def f(): return {}["x"]
                    ~~^^^^^
KeyError: 'x'
`},
	{"with line feeds of Windows", "Python", "Traceback (most recent call last):\r\n  File \"C:\\client.py\", line 2, in <module>\r\nKeyError: 'x'\r\n"},
	{"a group", "Python", `  + Exception Group Traceback (most recent call last):
  |   File "/src/client.py", line 1, in <module>
  |     raise ExceptionGroup("several", [ValueError(1)])
  | ExceptionGroup: several (1 sub-exception)
`},
	{"a fatal error", "Python", "Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f4f6446ab80 (most recent call first):\n"},
	{"an exception", "Java", `Exception in thread "main" java.lang.IllegalStateException: closed
	at A.f(A.java:1)
	at A.main(A.java:1)
`},
	{"printed by the client", "Java", `java.lang.RuntimeException: x
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
`},
	{"a type error", "Node", `/src/client.js:1
function f() { return null.x }; f()
                           ^

TypeError: Cannot read properties of null (reading 'x')
    at f (/src/client.js:1:28)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)

Node.js v20.20.2
`},
	{"an error of two lines", "Node", "Error: late\nand more\n    at g (/src/client.js:1:28)\n"},
	{"an error with members", "Node", "AssertionError [ERR_ASSERTION]: 1 == 2\n    at file:///src/client.mjs:3:8 {\n  code: 'ERR_ASSERTION'\n"},
	{"an error of the client's own", "Node", "/src/client.js:3\nthrow new Oops('x')\n^\n\nOops: x\n    at nowhere\n\nNode.js v20.20.2\n"},
	{"a rejection", "Node", `node:internal/process/promises:389
      new UnhandledPromiseRejection(reason);
      ^

UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block.
`},
	{"a text", "Node", "/src/client.js:1\nthrow \"text\"\n^\ntext\n(Use `node --trace-uncaught ...` to show where the exception was thrown)\n"},
	{"an unknown name", "Ruby", "client.rb:1:in '<main>': undefined local variable or method 'x' for main (NameError)\n"},
	{"with an older quote", "Ruby", "/src/client.rb:12:in `get': Failed to open TCP connection to 127.0.0.1:1 (Errno::ECONNREFUSED)\n\tfrom client.rb:1:in `<main>'\n"},
	{"a broken extension", "Ruby", "client.rb:1: [BUG] Segmentation fault at 0x0000000000000000\nruby 3.3.0 (2023-12-25 revision 5124f9ac75) [x86_64-linux]\n"},
	{"an index", "Rust", `
thread 'main' (2534) panicked at src/main.rs:1:72:
index out of bounds: the len is 0 but the index is 0
note: run with ` + "`RUST_BACKTRACE=1`" + ` environment variable to display a backtrace
`},
	{"before threads had numbers", "Rust", "thread '<unnamed>' panicked at 'late', src/main.rs:2:5\n"},
	{"a recursion", "Rust", "\nthread 'main' (12) has overflowed its stack\nfatal runtime error: stack overflow, aborting\n"},
	{"an exception", ".NET", "Unhandled exception. System.InvalidOperationException: closed\n   at Program.Main() in /src/Program.cs:line 3\n"},
	{"from sh", "native code", "Segmentation fault\n"},
	{"from bash", "native code", "client.sh: line 3:  2654 Segmentation fault      (core dumped) ./client\n"},
	{"without a line feed", "native code", "Segmentation fault (core dumped)"},
}

// Ensure the stack trace of each runtime is recognized, between other lines and in pieces.
func TestTraces(t *testing.T) {
	t.Parallel()
	for _, tt := range traces {
		t.Run(tt.runtime+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			for _, text := range []string{tt.errors, "connecting\n" + tt.errors, strings.Repeat("line\n", 1000) + tt.errors + strings.Repeat("\nline", 10)} {
				for _, piece := range []int{1, 7, len(text)} {
					var tr tracer
					for rest := text; rest != ""; rest = rest[min(piece, len(rest)):] {
						_, _ = tr.Write([]byte(rest[:min(piece, len(rest))]))
					}
					if got := tr.runtime(); got != tt.runtime {
						t.Errorf("pieces of %d: got %q, want %q in %q", piece, got, tt.runtime, tt.errors)
					}
				}
			}
		})
	}
}

// Ensure there is a sample of each form.
func TestFormsAreUsed(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		met := false
		for _, tt := range traces {
			for line := range strings.Lines(tt.errors) {
				met = met || tt.runtime == f.runtime && f.begins([]byte(strings.TrimRight(line, "\r\n")))
			}
		}
		if !met {
			t.Errorf("no sample for %s: %s", f.runtime, f.first())
		}
	}
}

// Ensure what clients log is no stack trace.
func TestNoFalseAlarms(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"level=error msg=\"panic: no route\"\ngoroutine 1 [running]:\n",
		"2026/01/01 12:00:00 http: panic serving 127.0.0.1:1: late\ngoroutine 5 [running]:\nmain.f()\n",
		"panic: button pressed\nall is well\n",
		"fatal error: cannot open config.h\ngoroutine pool started [8]\n",
		"panic: early\n" + strings.Repeat("line\n", 200) + "goroutine 1 [running]:\n",
		"goroutine 1 [running]:\npanic: too late\n",
		"see Traceback (most recent call last):\n  File \"x\", line 1\n",
		"Traceback (most recent call last):\nis what Python prints\n",
		"java.io.tmpdir\nINFO: at once\n",
		"an Exception in thread \"main\" was handled\n",
		"com.acme.Client: started\n    at home\n",
		"Error: 503\n    at attempt 3\n",
		"Error: 503 at https://127.0.0.1:9311\n",
		"a\n^\nNode.js vNext\n",
		"using Node.js v20.20.2\nNode.js v20.20.2\n",
		"client.rb:1:in 'get': retrying (3 times)\n",
		"thread 'main' started\nnothing panicked at all\n",
		"an Unhandled exception. was logged\n",
		"Unhandled exception:\nException: of Dart\n",
		"Segmentation fault in a remote process, retrying\n",
		strings.Repeat("x", 2*longestLine) + "Segmentation fault",
	} {
		var tr tracer
		_, _ = tr.Write([]byte(text))
		if got := tr.runtime(); got != "" {
			t.Errorf("%s in %.200s", got, text)
		}
	}
}

// Ensure the first of several stack traces counts.
func TestFirstTrace(t *testing.T) {
	t.Parallel()
	var tr tracer
	_, _ = fmt.Fprint(&tr, "Segmentation fault\nException in thread \"main\" java.lang.Error\n")
	if got := tr.runtime(); got != "native code" {
		t.Error(got)
	}
}

// BenchmarkTracer measures how fast short and long lines are looked at.
func BenchmarkTracer(b *testing.B) {
	for _, line := range []string{"y\n", "2026-01-01T12:00:00Z INFO client: GET http://127.0.0.1:9311/v1/clients: 503, again in 2s\n"} {
		b.Run(fmt.Sprint(len(line)), func(b *testing.B) {
			text := []byte(strings.Repeat(line, 32<<10/len(line)))
			b.SetBytes(int64(len(text)))
			for tr := new(tracer); b.Loop(); {
				_, _ = tr.Write(text)
			}
		})
	}
}
