// Command record plays the stories on the real servers and writes the responses to recordings.
//
//	go run ./parity/record [-servers DIR] [-once] [STORY...]
//
// Without -servers it starts the servers in a new folder and stops them at the end. Each story is
// played twice, and the responses must be the same. A STORY is a name like barbican/secrets, or
// the name of a service. Without a STORY, all are recorded, and recordings without a story are
// removed.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"standin/parity"
)

const (
	script = "parity/servers"
	folder = "parity/recordings"
)

func main() {
	dir := flag.String("servers", "", "the folder of servers that run already")
	once := flag.Bool("once", false, "play each story once only")
	flag.Parse()
	if err := run(context.Background(), *dir, *once, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, once bool, names []string) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "parity"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, call(ctx, "stop", dir), os.RemoveAll(dir)) }()
		if err := call(ctx, "start", dir); err != nil {
			return err
		}
	}
	servers, err := addresses(dir)
	if err != nil {
		return err
	}
	stories, err := parity.Stories("")
	if err != nil {
		return err
	}
	var problems []error
	total := 0
	for _, s := range stories {
		if !parity.Named(s.Name, names) {
			continue
		}
		r, err := record(ctx, dir, servers, s, once)
		total += len(r.Answers)
		problems = append(problems, err)
		fmt.Printf("%-40s %d\n", s.Name, len(r.Answers))
	}
	fmt.Println(total, "exchanges")
	if len(names) == 0 {
		problems = append(problems, finish(ctx, stories))
	}
	return errors.Join(problems...)
}

// record plays a story and writes its recording.
func record(ctx context.Context, dir string, servers parity.Servers, s parity.Story, once bool) (parity.Recording, error) {
	var first parity.Recording
	for turn := range 2 {
		if turn > 0 && once {
			break
		}
		if err := call(ctx, "reset", dir); err != nil {
			return first, err
		}
		answers, err := parity.NewPlayer(servers, s, time.Now).Play(ctx)
		if err != nil {
			return first, err
		}
		if turn == 0 {
			first = parity.Recording{Story: s.Name, Answers: answers}
			continue
		}
		if err := same(s.Name, first.Answers, answers); err != nil {
			return first, err
		}
	}
	return first, first.Write(folder)
}

func same(story string, first, second []parity.Answer) error {
	var problems []error
	for i := range first {
		for _, d := range parity.Compare(first[i], second[i]) {
			problems = append(problems, fmt.Errorf("%s, %s: two runs differ: %s", story, first[i].Name, d))
		}
	}
	return errors.Join(problems...)
}

// finish writes the versions and removes recordings without a story.
func finish(ctx context.Context, stories []parity.Story) error {
	out, err := exec.CommandContext(ctx, script, "versions").Output()
	if err != nil {
		return err
	}
	v := parity.Versions{Recorded: time.Now().UTC().Format(time.DateOnly), Packages: map[string]string{}}
	for line := range strings.Lines(string(out)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		v.Packages[name] = version
	}
	if err := v.Write(folder); err != nil {
		return err
	}
	all, err := filepath.Glob(filepath.Join(folder, "*", "*.json"))
	if err != nil {
		return err
	}
	for _, name := range all {
		story := strings.TrimSuffix(filepath.ToSlash(name[len(folder)+1:]), ".json")
		if !slices.ContainsFunc(stories, func(s parity.Story) bool { return s.Name == story }) {
			err = errors.Join(err, os.Remove(name))
		}
	}
	return err
}

func call(ctx context.Context, verb, dir string) error {
	c := exec.CommandContext(ctx, script, verb, dir)
	c.Stderr = os.Stderr
	return c.Run()
}

// addresses reads the file env in the folder. BARBICAN_SCOPED_URL is the address of
// barbican-scoped.
func addresses(dir string) (parity.Servers, error) {
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		return nil, err
	}
	all := parity.Servers{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, at, _ := strings.Cut(lines.Text(), "=")
		name = strings.ToLower(strings.TrimSuffix(name, "_URL"))
		all[strings.ReplaceAll(name, "_", "-")] = at
	}
	return all, lines.Err()
}
