package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"standin/internal/coverage"
)

type coverageCmd struct {
	From []string `arg:"" optional:"" name:"file|url" help:"Files that standin wrote with --coverage, or a Go test with WriteCoverage, and addresses of running emulators. Several are added up. Default: the address of --url."`
	remote
	Sandbox  string `placeholder:"NAME" help:"Name of the sandbox. Default: that in --url, or else all sandboxes."`
	Min      share  `env:"-" placeholder:"PERCENT" help:"Fail with exit code 1 if a smaller share of the answers was met, such as 80%. Default: no limit."`
	Scenario string `env:"-" placeholder:"FILE" help:"Write a scenario to this file that brings each answer that was never met."`
	Format   string `env:"-" default:"text" enum:"text,json" help:"text (default) or json."`
}

// Help returns examples.
func (*coverageCmd) Help() string {
	return `Examples:
  standin report coverage
  standin report coverage --sandbox checkout --format json
  standin report coverage shard-1.json shard-2.json --min 80%
  standin report coverage http://10.0.0.1:9311 http://10.0.0.2:9311
  standin report coverage coverage.json --scenario missing.yaml`
}

// A share is a part of the whole, from 0 to 1. It is written in percent.
type share float64

// UnmarshalText reads 80 or 80%.
func (s *share) UnmarshalText(text []byte) error {
	const whole = 100
	n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(text)), "%")), 64)
	if err != nil || !(n >= 0 && n <= whole) {
		return fmt.Errorf("%q: expected a share from 0%% to 100%%, such as 80%%", text)
	}
	*s = share(n / whole)
	return nil
}

// Run prints the coverage. It returns an error if less was met than --min.
func (c *coverageCmd) Run(ctx context.Context, s streams) error {
	r, err := c.report(ctx)
	if err != nil {
		return err
	}
	if c.Scenario != "" {
		f, err := openOutput(c.Scenario)
		if err == nil {
			err = f.write(r.Scenario())
		}
		if err != nil {
			return err
		}
	}
	text := []byte(r.Text())
	if c.Format == "json" {
		text = r.JSON()
	}
	if _, err := s.out.Write(text); err != nil {
		return err
	}
	met, least := r.Summary.Met(), float64(c.Min)
	const rounding = 1e-9
	if met < least-rounding {
		return fmt.Errorf("%s of the documented answers were met; expected at least %s", coverage.Percent(met), coverage.Percent(least))
	}
	return nil
}

// report returns the sum of the files and emulators.
func (c *coverageCmd) report(ctx context.Context) (*coverage.Report, error) {
	if len(c.From) == 0 {
		return c.running(ctx, &c.remote)
	}
	var all []*coverage.Report
	var errs []error
	for _, from := range c.From {
		r, err := c.read(ctx, from)
		all, errs = append(all, r), append(errs, naming(from, err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return coverage.Sum(all...), nil
}

// read reads a file, or asks the emulator at an address.
func (c *coverageCmd) read(ctx context.Context, from string) (*coverage.Report, error) {
	switch {
	case strings.Contains(from, "://"):
		return c.running(ctx, &remote{from, c.Token})
	case c.Sandbox != "":
		return nil, errors.New("--sandbox is for running emulators; a file has all sandboxes")
	default:
		return coverage.ReadFile(from)
	}
}

// running asks a running emulator.
func (c *coverageCmd) running(ctx context.Context, at *remote) (*coverage.Report, error) {
	cl, box, err := at.client(c.Sandbox)
	if err != nil {
		return nil, err
	}
	path := "reports/coverage"
	if box != "" {
		path = of(box, path)
	}
	resp, err := cl.get(ctx, path, url.Values{"format": {"json"}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	r, err := coverage.Read(text)
	return r, naming(at.URL, err)
}
