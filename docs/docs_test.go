// Package docs holds the pages to what the program does: every block of code in them runs, or is
// checked, and every link leads somewhere. The words after a block's language say what is done:
//
//	console              commands after "$ ", each with its output, which is compared
//	console server       the first command starts the emulator, and goes on running
//	sh                   commands that must succeed
//	sh server            one command that starts the emulator
//	sh check=REASON      is checked by bash -n only, for the reason
//	needs=MODULE         of a console or sh block: runs only where Python has the module, or NAME where that is a program: node, java, ruby
//	yaml, json, go       must parse
//	LANGUAGE file=NAME   is written to a file, for the blocks that follow
//
// One page is one session in one folder. Its commands reach the emulator as localhost:9311, as a
// reader's do: the test puts in the port. A page without a server has one without flags.
package docs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// repo is the folder of the module.
var repo = func() string {
	dir, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return dir
}()

// pages are the documents, by their paths in the repository.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(repo, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			rel, err := filepath.Rel(repo, path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, filepath.ToSlash(rel))
		}
	}
	return all
}

// bin is the folder that the command is built in.
var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "standin-docs"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(bin)
	os.Exit(code)
}

// build builds the command, and installs the packages of sdk, once.
var build = sync.OnceValue(func() error {
	if err := install(); err != nil {
		return err
	}
	return withOutput(exec.Command("go", "build", "-o", filepath.Join(bin, "standin"), "../cmd/standin").CombinedOutput())
})

// install makes folders in which Python and Node find the packages of sdk, as if they were installed.
func install() error {
	info := filepath.Join(bin, "python", "standin-0.0.0.dist-info")
	err := errors.Join(os.MkdirAll(info, 0o700), os.MkdirAll(filepath.Join(bin, "node_modules"), 0o700))
	for name, text := range map[string]string{
		"METADATA":         "Metadata-Version: 2.1\nName: standin\nVersion: 0.0.0\n",
		"entry_points.txt": "[pytest11]\nstandin = standin.pytest_plugin\n",
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(info, name), []byte(text), 0o600))
	}
	return errors.Join(err,
		os.Symlink(filepath.Join(repo, "sdk", "python", "standin"), filepath.Join(bin, "python", "standin")),
		os.Symlink(filepath.Join(repo, "sdk", "node"), filepath.Join(bin, "node_modules", "standin")))
}

// Ensure the blocks of every page run, and print what the page prints.
func TestBlocks(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: the blocks of the documents run in bash, and there is none")
	}
	var ran, checked, skipped atomic.Int64
	t.Run("pages", func(t *testing.T) {
		for _, page := range pages(t) {
			t.Run(page, func(t *testing.T) {
				t.Parallel()
				text, err := os.ReadFile(filepath.Join(repo, page))
				if err != nil {
					t.Fatal(err)
				}
				s := newSession(t, string(text))
				for _, b := range blocks(string(text)) {
					if err := s.try(b); err != nil {
						t.Errorf("%s:%d: %v", page, b.line, err)
					}
				}
				ran.Add(s.ran)
				checked.Add(s.checked)
				skipped.Add(s.skipped)
			})
		}
	})
	t.Logf("%d blocks ran, %d were checked, %d were skipped for want of a program", ran.Load(), checked.Load(), skipped.Load())
}

// Ensure a block that prints something else than its page is found, and so is one that fails.
func TestTry(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: there is no bash")
	}
	for name, c := range map[string]struct{ page, want string }{
		"same":               {"```console\n$ echo a\na\n```", ""},
		"other":              {"```console\n$ echo a\nb\n```", "prints"},
		"more":               {"```console\n$ echo a; echo b\na\n```", "prints"},
		"nothing":            {"```console\n$ true\na\n```", "prints"},
		"two commands":       {"```console\n$ x=1\n$ echo $x \\\n  two\n1 two\n```", ""},
		"lines left out":     {"```console\n$ echo a; echo b; echo c\na\n…\nc\n```", ""},
		"no line left out":   {"```console\n$ echo a; echo c\na\n…\nc\n```", ""},
		"wrong after some":   {"```console\n$ echo a; echo b; echo c\na\n…\nd\n```", "prints"},
		"text left out":      {"```console\n$ echo one two three\none … three\n```", ""},
		"a duration":         {"```console\n$ echo took 1.5ms\ntook 20ms\n```", ""},
		"a number":           {"```console\n$ echo '\"n\":1234'\n\"n\":1234\n```", ""},
		"a status":           {"```console\n$ echo 404\n403\n```", "prints"},
		"failing commands":   {"```sh\nfalse\n```", "exit code 1"},
		"commands":           {"```sh\ntrue\n```", ""},
		"syntax":             {"```sh check=docker\ndocker run x | (\n```", "syntax error"},
		"good syntax":        {"```sh check=docker\ndocker run x\n```", ""},
		"a file":             {"```text file=a.txt\nhello\n```\n\n```console\n$ cat a.txt\nhello\n```", ""},
		"no YAML":            {"```yaml\na: [\n```", "yaml"},
		"no JSON":            {"```json\n{\n```", "JSON"},
		"Go statements":      {"```go\nx := 1\n_ = x\n```", ""},
		"no Go":              {"```go\nx := \n```", "expected"},
		"the emulator":       {"```console\n$ curl -s localhost:9311/v1/clients -H 'X-Auth-Token: demo-token' | cut -c 1-12\n{\"clients\":[\n```", ""},
		"another emulator":   {"```sh server\nstandin --auth off\n```\n```console\n$ curl -s localhost:9311/v1/clients | cut -c 1-12\n{\"clients\":[\n```", ""},
		"a server that ends": {"```sh server\nstandin --nonsense\n```", "did not start"},
		"an unknown word":    {"```sh run=no\ntrue\n```", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, c.page)
			var all []string
			for _, b := range blocks(c.page) {
				if err := s.try(b); err != nil {
					all = append(all, err.Error())
				}
			}
			got := strings.Join(all, "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
