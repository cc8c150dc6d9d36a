package docs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A session runs the blocks of one page.
type session struct {
	t                     *testing.T
	dir                   string
	ports                 map[string]string // the page's, and those in their place
	shell                 *shell
	server                *exec.Cmd
	ran, checked, skipped int64
}

// aPort is a port in an address of a page, with the character before it. A number of JSON has a
// quote there, times have two digits after their colons, and a date goes on with a dash.
var aPort = regexp.MustCompile(`(^|[^"]):(\d{4,5})([^-\d]|$)`)

func newSession(t *testing.T, page string) *session {
	t.Helper()
	s := &session{t: t, dir: t.TempDir(), ports: map[string]string{}}
	for _, b := range blocks(page) {
		for _, m := range append(aPort.FindAllStringSubmatch(b.text, -1), []string{2: "9311"}) {
			if s.ports[m[2]] == "" {
				s.ports[m[2]] = freePort(t)
			}
		}
	}
	t.Cleanup(s.stop)
	return s
}

// freePort is a port that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// real puts the real ports into a text of the page.
func (s *session) real(text string) string {
	text = aPort.ReplaceAllStringFunc(text, func(found string) string {
		m := aPort.FindStringSubmatch(found)
		return m[1] + ":" + s.ports[m[2]] + m[3]
	})
	return strings.ReplaceAll(text, "go run ./cmd/standin", "standin")
}

func (s *session) stop() {
	if s.server != nil {
		_ = s.server.Process.Kill()
		_ = s.server.Wait()
		s.server = nil
	}
	if s.shell != nil {
		s.shell.end()
		s.shell = nil
	}
}

// try runs or checks a block.
func (s *session) try(b block) error {
	if err := b.valid(); err != nil {
		return err
	}
	commands := b.language == "console" || b.language == "sh"
	switch {
	case b.has("file"):
		return s.write(b)
	case commands && b.has("check"):
		s.checked++
		return s.syntax(b)
	case commands && b.has("needs") && missing(b.words["needs"]):
		s.t.Logf("SKIPPED: line %d needs %s", b.line, b.words["needs"])
		s.skipped++
		return nil
	case commands && b.has("server"):
		s.ran++
		return s.serve(b)
	case commands:
		s.ran++
		return s.run(b)
	case b.language == "yaml", b.language == "json", b.language == "go":
		s.checked++
	}
	return b.parse()
}

// missing reports whether there is no such program, or no module of Python with that name.
func missing(needed string) bool {
	switch needed {
	case "node", "java", "ruby":
		_, err := exec.LookPath(needed)
		return err != nil
	}
	return exec.Command("python3", "-c", "import "+needed).Run() != nil
}

// write puts a block into a file. Go files are in a module of their own.
func (s *session) write(b block) error {
	s.checked++
	if err := b.parse(); err != nil {
		return err
	}
	if b.language == "js" { // Node looks for packages beside the file
		if err := errors.Join(build(), s.link()); err != nil {
			return err
		}
	}
	if b.language == "go" {
		if err := s.module(); err != nil {
			return err
		}
	}
	path := filepath.Join(s.dir, b.words["file"])
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(s.real(b.text)), 0o600)
}

// link makes the packages of Node visible in the folder of the page.
func (s *session) link() error {
	err := os.Symlink(filepath.Join(bin, "node_modules"), filepath.Join(s.dir, "node_modules"))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

var moduleLine = regexp.MustCompile(`(?m)^module .*$`)

// module makes the page's folder a module that uses the one of the repository.
func (s *session) module() error {
	mod, err := os.ReadFile(filepath.Join(repo, "go.mod"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(repo, "go.sum"))
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(string(moduleLine.Find(mod)), "module ")
	mod = moduleLine.ReplaceAll(mod, []byte("module example.com/client"))
	mod = fmt.Appendf(mod, "\nrequire %s v0.0.0\nreplace %s => %s\n", name, name, repo)
	return errors.Join(os.WriteFile(filepath.Join(s.dir, "go.mod"), mod, 0o600), os.WriteFile(filepath.Join(s.dir, "go.sum"), sum, 0o600))
}

// syntax has bash read a block without running it.
func (s *session) syntax(b block) error {
	text := b.text
	if b.language == "console" {
		text = ""
		for _, st := range b.steps() {
			text += st.command
		}
	}
	cmd := exec.Command("bash", "-n")
	cmd.Stdin = strings.NewReader(text)
	return withOutput(cmd.CombinedOutput())
}

// env is the environment of the page's commands.
func (s *session) env() ([]string, error) {
	if err := build(); err != nil {
		return nil, err
	}
	return append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+s.dir, "GOFLAGS=-mod=mod",
		"GOCACHE="+goEnv("GOCACHE"), "GOPATH="+goEnv("GOPATH"), "LC_ALL=C.UTF-8",
		"PYTHONPATH="+filepath.Join(bin, "python"), "PYTHONDONTWRITEBYTECODE=1",
		"STANDIN_URL=http://127.0.0.1:"+s.ports["9311"]), nil
}

func goEnv(name string) string {
	out, _ := exec.Command("go", "env", name).Output()
	return strings.TrimSpace(string(out))
}

// serve starts the emulator in place of the one before.
func (s *session) serve(b block) error {
	text, want := b.text, ""
	if b.language == "console" {
		st := b.steps()[0]
		text, want = st.command, st.output
	}
	got, err := s.start(text, strings.Count(want, "\n"))
	if err != nil || want == "" {
		return err
	}
	return printed(got, s.real(want))
}

// start starts an emulator, and returns the first lines of what it prints: as many as are asked for,
// and at least up to the line that says it is ready.
func (s *session) start(command string, lines int) (string, error) {
	env, err := s.env()
	if err != nil {
		return "", err
	}
	if s.server != nil {
		_ = s.server.Process.Kill()
		_ = s.server.Wait()
	}
	s.server = exec.Command("bash", "-c", "exec "+s.real(command))
	s.server.Dir, s.server.Env = s.dir, append(env, "STANDIN_LISTEN=127.0.0.1:"+s.ports["9311"])
	out, err := s.server.StdoutPipe()
	if err != nil {
		return "", err
	}
	var stderr bytes.Buffer
	s.server.Stderr = &stderr
	if err := s.server.Start(); err != nil {
		return "", err
	}
	var got string
	r := bufio.NewReader(out)
	for ready := false; !ready || strings.Count(got, "\n") < lines; {
		line, err := r.ReadString('\n')
		if err != nil {
			_ = s.server.Wait()
			s.server = nil
			return "", fmt.Errorf("the emulator did not start: %s%s", got, stderr.String())
		}
		got += line
		ready = ready || strings.Contains(line, "ready")
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return got, nil
}

// asksEmulator fits commands to an emulator that runs.
var asksEmulator = regexp.MustCompile(`:9311|standin (requests|healthcheck|operations|report)|pytest|(?m:^(\$ )?(node|java|ruby) )`)

// run runs the commands of a block and compares what they print.
func (s *session) run(b block) error {
	if s.server == nil && asksEmulator.MatchString(b.text) {
		if _, err := s.start("standin", 0); err != nil {
			return err
		}
	}
	if s.shell == nil {
		env, err := s.env()
		if err != nil {
			return err
		}
		if s.shell, err = newShell(s.dir, env); err != nil {
			return err
		}
	}
	if b.language == "sh" {
		out, code, err := s.shell.run(s.real(b.text))
		if err == nil && code != 0 {
			err = fmt.Errorf("exit code %d: %s", code, out)
		}
		return err
	}
	for _, st := range b.steps() {
		out, _, err := s.shell.run(s.real(st.command))
		if err != nil {
			return err
		}
		if err := printed(out, s.real(st.output)); err != nil {
			return fmt.Errorf("%s%w", st.command, err)
		}
	}
	return nil
}

// A shell is a bash that keeps its variables from one command to the next.
type shell struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	dir string
}

func newShell(dir string, env []string) (*shell, error) {
	sh := &shell{cmd: exec.Command("bash", "--norc"), dir: dir}
	sh.cmd.Dir, sh.cmd.Env = dir, env
	in, err := sh.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := sh.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	sh.cmd.Stderr = sh.cmd.Stdout
	sh.in, sh.out = in, bufio.NewReader(out)
	return sh, sh.cmd.Start()
}

// mark ends the output of a command, and the exit code after it.
const mark = '\036'

// patience is how long a command of a page may take.
const patience = 3 * time.Minute

// run runs commands and returns what they print, and the exit code of the last one.
func (sh *shell) run(commands string) (out string, code int, err error) {
	script := filepath.Join(sh.dir, ".block")
	if err := os.WriteFile(script, []byte(commands), 0o600); err != nil {
		return "", 0, err
	}
	stop := time.AfterFunc(patience, func() { _ = sh.cmd.Process.Kill() })
	defer stop.Stop()
	if _, err := fmt.Fprintf(sh.in, "source ./.block </dev/null; printf '\\036%%d\\036' $?\n"); err != nil {
		return "", 0, err
	}
	if out, err = sh.out.ReadString(mark); err != nil {
		return out, 0, fmt.Errorf("the shell ended: %s", out)
	}
	status, err := sh.out.ReadString(mark)
	if err != nil {
		return out, 0, err
	}
	_, err = fmt.Sscanf(status, "%d", &code)
	return strings.TrimSuffix(out, string(mark)), code, err
}

func (sh *shell) end() {
	_ = sh.in.Close()
	_ = sh.cmd.Process.Kill()
	_ = sh.cmd.Wait()
}

// An outputError is why a command failed.
type outputError struct {
	err error
	out []byte
}

func (e *outputError) Error() string { return fmt.Sprintf("%v: %s", e.err, e.out) }
func (e *outputError) Unwrap() error { return e.err }

func withOutput(out []byte, err error) error {
	if err != nil {
		return &outputError{err, out}
	}
	return nil
}
