// Command compare plays the stories against Standin and prints where its answers
// differ from the recordings.
//
//	go run ./parity/compare [-profile observed|documented] [-quiet] [STORY...]
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
	"standin/parity"
)

func main() {
	profile := flag.String("profile", "observed", "documented or observed")
	quiet := flag.Bool("quiet", false, "print the numbers only")
	flag.Parse()
	if err := run(context.Background(), *profile, *quiet, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, profile string, quiet bool, names []string) error {
	stories, err := parity.Stories("")
	if err != nil {
		return err
	}
	totals := map[string][3]int{}
	for _, s := range stories {
		if !parity.Named(s.Name, names) {
			continue
		}
		r, err := parity.Against(ctx, "parity", s, emulator.WithProfile(profile))
		if err != nil {
			return err
		}
		named := 0
		for _, d := range r.Differences {
			why := d.Exchange.Differs
			if profile == "documented" {
				why += strings.Join(d.Exchange.Quirks, " ")
			}
			if why != "" {
				named++
			}
			if !quiet {
				fmt.Printf("%s | %s | %s | %s\n\t%s\n", s.Name, d.Exchange.Name, d.Exchange, why, strings.Join(d.Lines, "\n\t"))
			}
		}
		service, _, _ := strings.Cut(s.Name, "/")
		t := totals[service]
		totals[service] = [3]int{t[0] + r.Exchanges, t[1] + len(r.Differences), t[2] + named}
		fmt.Printf("%-34s %4d exchanges, %4d differ, %4d of them named\n", s.Name, r.Exchanges, len(r.Differences), named)
	}
	for _, service := range slices.Sorted(maps.Keys(totals)) {
		t := totals[service]
		fmt.Printf("%-34s %4d exchanges, %4d differ, %4d of them named\n", service, t[0], t[1], t[2])
	}
	return nil
}
