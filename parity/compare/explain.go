package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"standin/emulator"
	"standin/parity"
)

// explain prints, for each exchange that Standin answers as the real server in the
// observed profile only, the quirks without which it does not.
func explain(ctx context.Context, s parity.Story) error {
	all, err := emulator.Quirks()
	if err != nil {
		return err
	}
	usual, err := differing(ctx, s, emulator.WithProfile("observed"))
	if err != nil {
		return err
	}
	reasons := map[string][]string{}
	service, _, _ := strings.Cut(s.Name, "/")
	for _, q := range all {
		if q.Setting || !strings.HasPrefix(q.Name, service+".") {
			continue
		}
		without, err := differing(ctx, s, emulator.WithProfile("observed"), emulator.WithQuirks("-"+q.Name))
		if err != nil {
			return err
		}
		for _, name := range without {
			if !slices.Contains(usual, name) {
				reasons[name] = append(reasons[name], q.Name)
			}
		}
	}
	for _, x := range s.Exchanges {
		if len(reasons[x.Name]) > 0 {
			fmt.Printf("%s | %s | quirks: [%s]\n", s.Name, x.Name, strings.Join(reasons[x.Name], ", "))
		}
	}
	return nil
}

func differing(ctx context.Context, s parity.Story, opts ...emulator.Option) ([]string, error) {
	r, err := parity.Against(ctx, folder, s, opts...)
	var names []string
	for _, d := range r.Differences {
		names = append(names, d.Exchange.Name)
	}
	return names, err
}
