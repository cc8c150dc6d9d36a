package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// asClient makes the test binary a client: it is the first argument, and the name of a habit the
// second.
const asClient = "client"

// habitual returns the command line of the test binary as a client with a habit.
func habitual(habit string, args ...string) []string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return append([]string{self, asClient, habit}, args...)
}

// play does what the client with a habit does, and returns its exit code.
func play(args []string) int {
	habit, known := habits[args[0]]
	if !known {
		panic("no habit " + args[0])
	}
	if err := habit(args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// patient is how long a client with a time limit waits for an answer.
const patient = time.Second

// sendOnce sends a request once, and reads the answer. An answer of 400 and more is an error.
func sendOnce(limit time.Duration, method, path, body string) error {
	q, err := http.NewRequest(method, os.Getenv("STANDIN_URL")+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("X-Auth-Token", "demo-token")
	q.Header.Set("Content-Type", "application/json")
	c := http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(q)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: status %d", method, path, res.StatusCode)
	}
	return err
}

func create(name string) error {
	return sendOnce(patient, "POST", "/v1/containers", fmt.Sprintf(`{"type":"generic","name":%q}`, name))
}

// right does its work, and reports the first failure.
func right([]string) error {
	if err := sendOnce(patient, "GET", "/v1/containers", ""); err != nil {
		return err
	}
	return create("c")
}

// forever waits for longer than any test.
func forever() { time.Sleep(5 * time.Minute) }

// habits are what the clients do, with the arguments after the name.
var habits = map[string]func(args []string) error{
	"right": right,
	"named": func(args []string) error { return create(args[0]) },
	"retries": func([]string) error {
		return errors.Join(right(nil), repeat(3, func() error { return create("again") }))
	},
	"pauses": func([]string) error { // so long that a busy machine makes no difference
		return errors.Join(right(nil), repeat(3, func() error {
			err := create("again")
			if err != nil {
				time.Sleep(200 * time.Millisecond)
			}
			return err
		}))
	},
	"silent": func([]string) error {
		_ = right(nil)
		return nil
	},
	"inconsistent": func([]string) error {
		err := create("c")
		if err != nil {
			_ = create("c")
		}
		return err
	},
	"hangs": func([]string) error {
		return sendOnce(0, "GET", "/v1/containers", "")
	},
	"storms": func([]string) error { return repeat(1_000_000, func() error { return create("c") }) },
	"crashes": func([]string) error {
		if err := create("c"); err != nil {
			panic(err)
		}
		return nil
	},
	"none":  func([]string) error { return nil },
	"never": func([]string) error { fmt.Println("begun"); forever(); return nil },
	"fails": func([]string) error { return errors.Join(right(nil), errors.New("it does not work")) },
	"fails-second": func(args []string) error {
		f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return errors.New("it works only once")
		}
		return errors.Join(f.Close(), right(nil))
	},
	"none-second": func(args []string) error {
		f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil //nolint:nilerr // there is nothing to do
		}
		return errors.Join(f.Close(), right(nil))
	},
	"random": func([]string) error { return drawn("/v1/clients") },
	"random-twice": func([]string) error {
		if err := drawn("/v1/clients"); err != nil {
			return err
		}
		return drawn("/v1/clients")
	},
	"drawn-box": func([]string) error {
		return errors.Join(right(nil), drawn("/~"+rand.Text()+"/v1/clients"))
	},
	"own-box": func([]string) error {
		err := sendOnce(patient, "POST", "/~mine/v1/containers", `{"type":"generic","name":"c"}`)
		return errors.Join(right(nil), err)
	},
	"loses-in-own-box": func([]string) error {
		_ = sendOnce(patient, "POST", "/~mine/v1/containers", `{"type":"generic","name":"c"}`)
		return right(nil)
	},
	"only-own-box": func([]string) error {
		return sendOnce(patient, "GET", "/~mine/v1/containers", "")
	},
	"resets-first": func([]string) error { return errors.Join(reset(), right(nil)) },
	"resets":       func([]string) error { return errors.Join(create("a"), reset(), right(nil)) },
	"loses-after-reset": func([]string) error {
		err := reset()
		_ = right(nil)
		return err
	},
	"reads": func([]string) error {
		n, err := io.Copy(io.Discard, os.Stdin)
		if err != nil || n > 0 {
			return fmt.Errorf("%d bytes: %w", n, err)
		}
		return right(nil)
	},
	"floods":  floods,
	"several": several,
	"leaves":  leaves,
	"idle":    func([]string) error { forever(); return nil },
	"waits":   waits,
	"counts": func(args []string) error { // leaves a file for each run
		f, err := os.CreateTemp(args[0], "run-"+os.Getenv("STANDIN_RUN")+"-")
		if err != nil {
			return err
		}
		_ = right(nil)
		return f.Close()
	},
}

func repeat(times int, do func() error) (err error) {
	for range times {
		if err = do(); err == nil {
			return nil
		}
	}
	return err
}

func reset() error {
	return sendOnce(patient, "POST", "/_standin/reset", "")
}

// drawn registers a client with a name that is drawn, and reads it.
func drawn(path string) error {
	name := rand.Text()
	err := sendOnce(patient, "POST", path, fmt.Sprintf(`{"client_id":%q,"hostname":"h"}`, name))
	if err == nil {
		err = sendOnce(patient, "GET", path+"/"+name, "")
	}
	return err
}

// floods writes a megabyte to each output, and loses what it does.
func floods([]string) error {
	line := strings.Repeat("x", 99) + "\n"
	for range 10_000 {
		_, _ = io.WriteString(os.Stdout, line)
		_, _ = io.WriteString(os.Stderr, line)
	}
	_ = right(nil)
	return nil
}

// several does its work in three processes at once.
func several([]string) error {
	var all [3]*exec.Cmd
	var errs []error
	for i := range all {
		line := habitual("named", fmt.Sprintf("c%d", i))
		all[i] = exec.Command(line[0], line[1:]...)
		errs = append(errs, all[i].Start())
	}
	for _, c := range all {
		errs = append(errs, c.Wait())
	}
	return errors.Join(errs...)
}

// leaves leaves a process running, whose number is in a file of a folder.
func leaves(args []string) error {
	line := habitual("idle")
	c := exec.Command(line[0], line[1:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		return err
	}
	name := filepath.Join(args[0], fmt.Sprint(c.Process.Pid))
	return errors.Join(os.WriteFile(name, nil, 0o600), right(nil))
}

// waits leaves a file for each run in a folder. In one run it makes the file stop there and waits,
// unless that file exists. It ignores its error, unless its third argument is "fails".
func waits(args []string) error {
	dir, number, fails := args[0], os.Getenv("STANDIN_RUN"), args[2] == "fails"
	f, err := os.CreateTemp(dir, "run-"+number+"-")
	if err != nil {
		return err
	}
	_ = f.Close()
	stop := filepath.Join(dir, "stop")
	if _, err := os.Stat(stop); err != nil && number == args[1] {
		if err := os.WriteFile(stop, nil, 0o600); err != nil {
			return err
		}
		forever()
	}
	if err := right(nil); fails {
		return err
	}
	return nil
}
