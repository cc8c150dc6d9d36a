package parity

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"standin/emulator"
)

// Explain tells, for each entry of a story's file, the quirks without which an
// exchange of it is not answered as by the real server, though it is with all.
func Explain(ctx context.Context, folder string, s Story) (map[int][]string, error) {
	all, err := emulator.Quirks()
	if err != nil {
		return nil, err
	}
	usual, err := differing(ctx, folder, s)
	if err != nil {
		return nil, err
	}
	reasons := map[int][]string{}
	service, _, _ := strings.Cut(s.Name, "/")
	for _, q := range all {
		if q.Setting || !strings.HasPrefix(q.Name, service+".") {
			continue
		}
		without, err := differing(ctx, folder, s, "-"+q.Name)
		if err != nil {
			return nil, err
		}
		entries := map[int]bool{}
		for name, entry := range without {
			if _, anyway := usual[name]; !anyway {
				entries[entry] = true
			}
		}
		for entry := range entries {
			reasons[entry] = append(reasons[entry], q.Name)
		}
	}
	return reasons, nil
}

// differing are the names of the exchanges that differ in the observed profile, with
// their entries.
func differing(ctx context.Context, folder string, s Story, less ...string) (map[string]int, error) {
	r, err := Against(ctx, folder, s, emulator.WithProfile("observed"), emulator.WithQuirks(less...))
	names := map[string]int{}
	for _, d := range r.Differences {
		names[d.Exchange.Name] = d.Exchange.entry
	}
	return names, err
}

var (
	entryLine  = regexp.MustCompile(`^  - \{?name: `)
	flowName   = regexp.MustCompile(`^(  - \{name: (?:"(?:[^"\\]|\\.)*"|[^,]*))`)
	flowQuirks = regexp.MustCompile(`, quirks: \[[^\]]*\]`)
)

// Annotate writes into the story's file, below the folder, which quirks each of its
// entries names, in the place of those that it named.
func Annotate(folder string, s Story, reasons map[int][]string) error {
	name := filepath.Join(folder, "exchanges", filepath.FromSlash(s.Name)+".yaml")
	var out strings.Builder
	entry := -1
	for line := range strings.Lines(s.text) {
		if strings.HasPrefix(line, "    quirks: [") {
			continue
		}
		if entryLine.MatchString(line) {
			entry++
			line = flowQuirks.ReplaceAllString(line, "")
			named := "quirks: [" + strings.Join(reasons[entry], ", ") + "]"
			switch {
			case len(reasons[entry]) == 0:
			case flowName.MatchString(line):
				line = flowName.ReplaceAllString(line, "${1}, "+named)
			default:
				line += "    " + named + "\n"
			}
		}
		out.WriteString(line)
	}
	if last := slices.Max(append(slices.Collect(maps.Keys(reasons)), -1)); last > entry {
		return fmt.Errorf("%s: there is no entry %d", name, last)
	}
	return os.WriteFile(name, []byte(out.String()), 0o644)
}
