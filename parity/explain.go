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
	"standin/internal/catalog"
)

// Explain returns, for each entry of a story's file, the quirks that it needs. Without such a
// quirk, an exchange of the entry differs from the real server's. It tries single quirks, and
// then pairs of which either one is enough.
func Explain(ctx context.Context, folder string, s Story) (map[int][]string, error) {
	names, err := observed(s)
	if err != nil {
		return nil, err
	}
	usual, err := differing(ctx, folder, s)
	if err != nil {
		return nil, err
	}
	reasons := map[int][]string{}
	try := func(only map[int]bool, less ...string) error {
		without, err := differing(ctx, folder, s, less...)
		for entry := range newly(without, usual) {
			if only == nil || only[entry] {
				reasons[entry] = append(reasons[entry], less...)
			}
		}
		return err
	}
	for _, name := range names {
		if err := try(nil, "-"+name); err != nil {
			return nil, err
		}
	}
	bare, err := differing(ctx, folder, s, "-*")
	if err != nil {
		return nil, err
	}
	open := newly(bare, usual)
	maps.DeleteFunc(open, func(entry int, _ bool) bool { return len(reasons[entry]) > 0 })
	for i := 0; i < len(names) && len(open) > 0; i++ {
		for _, other := range names[i+1:] {
			if err := try(open, "-"+names[i], "-"+other); err != nil {
				return nil, err
			}
		}
	}
	for entry, all := range reasons {
		for i := range all {
			all[i] = strings.TrimPrefix(all[i], "-")
		}
		slices.Sort(all)
		reasons[entry] = slices.Compact(all)
	}
	return reasons, nil
}

// observed returns the quirks of the story's service that are in the observed profile.
func observed(s Story) ([]string, error) {
	all, err := catalog.Quirks()
	service, _, _ := strings.Cut(s.Name, "/")
	var names []string
	for _, q := range all {
		if !q.Setting && strings.HasPrefix(q.Name, service+".") {
			names = append(names, q.Name)
		}
	}
	return names, err
}

// newly returns the entries with exchanges that differ in the first but not in the second.
func newly(differ, before map[string]int) map[int]bool {
	entries := map[int]bool{}
	for name, entry := range differ {
		if _, anyway := before[name]; !anyway {
			entries[entry] = true
		}
	}
	return entries
}

// differing returns the names of the exchanges that differ in the observed profile, with their
// entries.
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

// Annotate writes the quirks of each entry into the story's file below the folder. It replaces
// those that the entries had.
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
