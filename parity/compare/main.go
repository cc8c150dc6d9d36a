// Command compare plays the stories on Standin and prints the differences from the recordings.
//
//	go run ./parity/compare [-profile observed|documented] [-quiet] [STORY...]
//	go run ./parity/compare -explain [STORY...]
//
// -explain writes into the stories the quirks that their entries need.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"standin/emulator"
	"standin/internal/catalog"
	"standin/parity"
)

const folder = "parity"

func main() {
	why := flag.Bool("explain", false, "write into the stories which quirks their entries have to name")
	profile := flag.String("profile", "observed", "documented or observed")
	quiet := flag.Bool("quiet", false, "print the numbers only")
	flag.Parse()
	if err := run(context.Background(), *profile, *quiet, *why, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, profile string, quiet, why bool, names []string) error {
	stories, err := parity.Stories("")
	if err != nil {
		return err
	}
	totals, quirks := map[string][3]int{}, map[string]int{}
	for _, s := range stories {
		if !parity.Named(s.Name, names) {
			continue
		}
		if why {
			reasons, err := parity.Explain(ctx, folder, s)
			if err != nil {
				return err
			}
			if err := parity.Annotate(folder, s, reasons); err != nil {
				return err
			}
			continue
		}
		r, err := parity.Against(ctx, folder, s, emulator.WithProfile(emulator.Profile(profile)))
		if err != nil {
			return err
		}
		named := report(s, r, profile == "documented", quiet)
		for _, d := range r.Differences {
			for _, q := range d.Exchange.Quirks {
				quirks[q]++
			}
		}
		service, _, _ := strings.Cut(s.Name, "/")
		t := totals[service]
		totals[service] = [3]int{t[0] + r.Exchanges, t[1] + len(r.Differences), t[2] + named}
		line(s.Name, r.Exchanges, len(r.Differences), named)
	}
	for _, service := range slices.Sorted(maps.Keys(totals)) {
		t := totals[service]
		line(service, t[0], t[1], t[2])
	}
	if profile == "documented" {
		return reasons(quirks)
	}
	return nil
}

// reasons prints what the documents say about the quirks that explain differences.
func reasons(counts map[string]int) error {
	all, err := catalog.Quirks()
	for _, q := range all {
		if n := counts[q.Name]; n > 0 {
			fmt.Printf("%s: %d\n\tdocument: %s\n\tserver:   %s\n", q.Name, n, q.Document, q.Server)
		}
	}
	return err
}

func line(name string, exchanges, differ, named int) {
	fmt.Printf("%-34s %4d exchanges, %4d differ, %4d of them named\n", name, exchanges, differ, named)
}

// report prints the differences. It returns the number of those that the story explains.
func report(s parity.Story, r parity.Result, documented, quiet bool) int {
	named := 0
	for _, d := range r.Differences {
		why := d.Exchange.Differs
		if documented {
			why += strings.Join(d.Exchange.Quirks, " ")
		}
		if why != "" {
			named++
		}
		if !quiet {
			fmt.Printf("%s | %s | %s | %s\n\t%s\n", s.Name, d.Exchange.Name, d.Exchange, why, strings.Join(d.Lines, "\n\t"))
		}
	}
	return named
}
