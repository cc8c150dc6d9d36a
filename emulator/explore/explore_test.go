package explore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/explore"
)

// token is a fixed token of the built-in fixtures.
const token = "demo-token"

// send sends a request with the token, and returns an error for a status of 400 and above.
func send(ctx context.Context, s *emulator.Sandbox, method, path, body string) error {
	q, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("X-Auth-Token", token)
	q.Header.Set("Content-Type", "application/json")
	r, err := s.Client().Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return err
	}
	if r.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: status %d", method, path, r.StatusCode)
	}
	return nil
}

func register(ctx context.Context, s *emulator.Sandbox, id string) error {
	return send(ctx, s, http.MethodPost, "/v1/clients", fmt.Sprintf(`{"client_id": %q, "hostname": "%s.example.com"}`, id, id))
}

// careful registers two clients, and ends at the first error.
func careful(ctx context.Context, s *emulator.Sandbox) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, id := range []string{"alpha", "beta"} {
		if err := register(ctx, s, id); err != nil {
			return err
		}
	}
	return nil
}

// clients are the clients of TestChild, by their names.
var clients = map[string]explore.Client{
	"careless": func(ctx context.Context, s *emulator.Sandbox) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = register(ctx, s, "alpha")
		return register(ctx, s, "beta")
	},
	"endless": func(ctx context.Context, s *emulator.Sandbox) error { return register(ctx, s, "alpha") },
	"stubborn": func(ctx context.Context, s *emulator.Sandbox) error {
		for ctx.Err() == nil {
			if register(context.WithoutCancel(ctx), s, "alpha") == nil {
				return nil
			}
			time.Sleep(time.Second)
		}
		return ctx.Err()
	},
	"panics": func(ctx context.Context, s *emulator.Sandbox) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := register(ctx, s, "alpha"); err != nil {
			panic(err)
		}
		return nil
	},
	"broken": func(context.Context, *emulator.Sandbox) error { return errors.New("no such thing") },
	"silent": func(context.Context, *emulator.Sandbox) error { return nil },
}

// Ensure a right client passes, over the network and on virtual time.
func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("network", func(t *testing.T) {
		t.Parallel()
		explore.Run(t, careful)
	})
	t.Run("virtual", func(t *testing.T) {
		t.Parallel()
		explore.Options{Virtual: true, All: true, Depth: 2}.Run(t, careful)
	})
}

// childClient names the client of TestChild.
const childClient = "STANDIN_TEST_CLIENT"

// TestChild explores a client that another test names. It fails on purpose, in a process of its own.
func TestChild(t *testing.T) {
	t.Parallel()
	client := clients[os.Getenv(childClient)]
	if client == nil {
		t.Skip("only as a process of TestFindings")
	}
	explore.Options{Virtual: os.Getenv("VIRTUAL") != "", Only: "freezer.*", Timeout: 10 * time.Second, Accepted: strings.Fields(os.Getenv("ACCEPTED"))}.Run(t, client)
}

// child runs TestChild in a process, and returns its output.
func child(t *testing.T, name, pattern string, env ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", pattern)
	cmd.Env = append(os.Environ(), append(env, childClient+"="+name)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return out.String()
}

// Ensure each mistake fails the sub-test of its failure with what was seen, and no other sub-test.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ fails, says, passes string }{
		"careless": {"freezer.clients.create-1/503", "freezer.clients: alpha is missing", "freezer.clients.create-1/lost-reply"},
		"endless":  {"freezer.clients.create-1/hang", "stopped after 10s", "freezer.clients.create-1/503"},
		"stubborn": {"freezer.clients.create-1/reset-forever", "no-cap", "freezer.clients.create-1/reset"},
		"panics":   {"freezer.clients.create-1/403", "crash", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := child(t, name, "^TestChild$", "VIRTUAL=1")
			if !strings.Contains(out, "--- FAIL: TestChild/"+want.fails+" ") || !strings.Contains(out, want.says) {
				t.Errorf("no failure of %s that says %q:\n%s", want.fails, want.says, out)
			}
			if want.passes != "" && !strings.Contains(out, "--- PASS: TestChild/"+want.passes+" ") {
				t.Errorf("%s does not pass:\n%s", want.passes, out)
			}
		})
	}
}

// Ensure -run replays one case, also one that follows from the result of another.
func TestReplay(t *testing.T) {
	t.Parallel()
	out := child(t, "stubborn", "^TestChild$/^freezer.clients.create-1$/^reset-forever$", "VIRTUAL=1")
	if n := strings.Count(out, "=== RUN   TestChild/freezer"); n != 1 || !strings.Contains(out, "--- FAIL: TestChild/freezer.clients.create-1/reset-forever ") {
		t.Errorf("%d sub-tests began:\n%s", n, out)
	}
}

// Ensure an accepted finding fails nothing.
func TestAccepted(t *testing.T) {
	t.Parallel()
	out := child(t, "endless", "^TestChild$", "VIRTUAL=1")
	var prints []string
	for _, m := range regexp.MustCompile(`fingerprint (\w+)`).FindAllStringSubmatch(out, -1) {
		prints = append(prints, m[1])
	}
	print := strings.Join(prints, " ")
	if out := child(t, "endless", "^TestChild$", "VIRTUAL=1", "ACCEPTED="+print); !strings.Contains(out, "--- PASS: TestChild ") || !strings.Contains(out, "accepted: hang") {
		t.Errorf("the accepted finding %q still fails:\n%s", print, out)
	}
}

// Ensure the test reports a client that fails without failures, or sends nothing.
func TestBaselines(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"broken": "it did not: error: no such thing", "silent": "it sends no request"} {
		if out := child(t, name, "^TestChild$"); !strings.Contains(out, want) || strings.Contains(out, "--- PASS: TestChild") {
			t.Errorf("%s: no %q in\n%s", name, want, out)
		}
	}
}
