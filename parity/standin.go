package parity

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"standin/emulator"
)

// settings maps servers of the stories to quirks for their configuration.
var settings = map[string][]string{
	"barbican-scoped": {"barbican.new-defaults-are-enforced"},
}

// A Difference is an exchange to which Standin responds differently than the real server.
type Difference struct {
	Exchange Exchange
	Lines    []string // as returned by Compare
}

// A Result is the result of a story played on Standin. Differences has each exchange once.
type Result struct {
	Exchanges   int
	Differences []Difference
}

// Against plays a story on a new emulator and compares the responses with the recording. folder
// is the folder of this package. The options select the profile.
func Against(ctx context.Context, folder string, s Story, opts ...emulator.Option) (Result, error) {
	real, err := Recorded(filepath.Join(folder, "recordings"), s.Name)
	if err != nil {
		return Result{}, err
	}
	if len(real.Answers) != len(s.Exchanges) {
		return Result{}, fmt.Errorf("%s: %d exchanges, %d recorded; record it again", s.Name, len(s.Exchanges), len(real.Answers))
	}
	ours, err := perform(ctx, folder, s, opts)
	if err != nil {
		return Result{}, err
	}
	r := Result{Exchanges: len(ours)}
	for i, x := range s.Exchanges {
		was := real.Answers[i]
		if was.Name != x.Name || was.Request != x.String() {
			return r, fmt.Errorf("%s: %q was recorded as %q; record it again", s.Name, x.Name, was.Name)
		}
		if lines := Compare(was, ours[i]); len(lines) > 0 {
			r.Differences = append(r.Differences, Difference{x, lines})
		}
	}
	return r, nil
}

// perform starts an emulator with a listener for each service, as the real ones have, and plays
// the story.
func perform(ctx context.Context, folder string, s Story, opts []emulator.Option) ([]Answer, error) {
	opts = append([]emulator.Option{emulator.WithFixture(filepath.Join(folder, "fixture.yaml"))}, opts...)
	opts = append(opts, emulator.WithQuirks(settings[s.Server]...))
	e, err := emulator.New(opts...)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	services := []string{"keystone", "barbican", "freezer"}
	var at []string
	for _, name := range services {
		at = append(at, name+"=127.0.0.1:0")
	}
	server, err := e.Start(ctx, at...)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	all := Servers{}
	for _, name := range services {
		all[name] = "http://" + server.Addr(name)
	}
	base, _, _ := strings.Cut(s.Server, "-")
	if s.Server != base { // one address cannot have two names
		all[s.Server] = all[base]
		delete(all, base)
	}
	return NewPlayer(all, s, time.Now).Play(ctx)
}

// Judge returns an error if the differences of a result are not those that the story names.
// Exchanges of an entry share its names. In the documented profile, an entry may name quirks for
// its differences. In the observed profile, only differs explains one.
func Judge(r Result, s Story, documented bool) error {
	var problems []error
	differs := map[int]bool{}
	for _, d := range r.Differences {
		differs[d.Exchange.entry] = true
		if d.Exchange.Differs != "" || documented && len(d.Exchange.Quirks) > 0 {
			continue
		}
		problems = append(problems, fmt.Errorf("%s, %s: %s\n\t%s", s.Name, d.Exchange.Name, d.Exchange, strings.Join(d.Lines, "\n\t")))
	}
	var told []int
	for _, x := range s.Exchanges {
		if differs[x.entry] || slices.Contains(told, x.entry) {
			continue
		}
		if x.Differs != "" || documented && len(x.Quirks) > 0 {
			told = append(told, x.entry)
			problems = append(problems, fmt.Errorf("%s, %s: does not differ, and says %s%s", s.Name, x.Name, strings.Join(x.Quirks, ", "), x.Differs))
		}
	}
	return errors.Join(problems...)
}
