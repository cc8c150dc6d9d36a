package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/core"
	"standin/internal/exchange"
	"standin/internal/sandbox"
	"standin/internal/service"
	"standin/internal/transport"
)

type serveCmd struct {
	Listen []string `default:"127.0.0.1:9311" placeholder:"ADDR" help:"Address to listen on (default ${default}): HOST:PORT for all services, NAME=HOST:PORT for one service. With https:// before HOST it has TLS. May be repeated."`
	tlsFlags
	Fixture        []string      `placeholder:"NAME|FILE" help:"Initial records: default, empty, documented, or a file. Later fixtures add records. Default: that of the scenario, or else default. May be repeated."`
	Scenario       string        `placeholder:"NAME|FILE" help:"Scenario to start with: a built-in one, or a file. Default: none."`
	Profile        string        `placeholder:"NAME" help:"documented (default): behave as the documents say. observed: behave as the real servers do, with all quirks on. Replaces the profile of the scenario."`
	Quirk          []string      `placeholder:"NAME" help:"Quirk to turn on; with a dash before it, to turn off. A name, or a glob such as freezer.*. May be repeated."`
	Seed           *int64        `placeholder:"N" help:"Seed of ids, secrets and random draws. Default: that of the scenario or of the fixture, or else ${seed}."`
	Clock          string        `placeholder:"TIME" help:"real (default), an offset such as +1h, a time at which the clock is frozen, or start:TIME, from which it runs. Replaces the clock of the fixture and of the scenario."`
	Watch          bool          `help:"Reload when a file of the scenario or of a fixture changes. An empty or invalid file is not loaded."`
	Auth           string        `default:"strict" enum:"strict,off" help:"strict (default): callers must log in. off: every caller is the member demo."`
	HostHref       string        `placeholder:"URL" help:"Beginning of the references in Barbican. Default: the host of the request."`
	Contract       []string      `placeholder:"FILE" help:"OpenAPI 3.1 document of another service. Its operations answer with their examples. May be repeated."`
	ControlHost    []string      `placeholder:"NAME" help:"Additional host name for the control API. May be repeated."`
	Control        string        `default:"on" enum:"on,off" help:"on (default) or off. If off, the control API serves only its health."`
	ControlListen  string        `placeholder:"ADDR" help:"Separate address for the control API. The other addresses then serve only its health."`
	ControlToken   string        `placeholder:"TOKEN" help:"Bearer token that callers of the control API must send. Default: none."`
	Console        string        `default:"on" enum:"on,off" help:"on (default) or off: the web page at /_standin/ui."`
	RequestFaults  string        `default:"on" enum:"on,off" help:"on (default) or off. If off, the request header X-Standin-Fault is ignored."`
	Sandboxes      int           `default:"10000" help:"Maximum number of sandboxes, not counting the default one (default ${default})."`
	SandboxTTL     time.Duration `name:"sandbox-ttl" default:"1h" help:"How long an unused sandbox is kept, if it was created on first use (default ${default}; 0: no limit)."`
	LostSandboxes  string        `default:"new" enum:"new,gone" help:"What a request gets whose sandbox does not exist. new (default): a new sandbox. gone: 410, since its state is lost."`
	JournalEntries int           `default:"4096" help:"Journal size of a sandbox, in exchanges (default ${default})."`
	JournalBytes   int           `default:"16777216" help:"Journal size of a sandbox, in bytes (default ${default})."`
	JournalsBytes  int           `default:"268435456" help:"Size of the journals of all sandboxes together, in bytes (default ${default})."`
	Connections    int           `default:"8192" help:"Maximum number of open connections (default ${default}). Beyond it, idle connections are closed."`
	ContractCheck  string        `default:"sampled" enum:"always,sampled,off" help:"Which answers are checked against the contract: sampled (default), always or off."`
	Coverage       string        `placeholder:"FILE" help:"At the end, write to this file which documented answers clients have met, for standin report coverage."`
	logFlags
}

// Help returns examples.
func (*serveCmd) Help() string {
	return `Examples:
  standin
  standin --scenario unavailable --log requests
  standin --listen 0.0.0.0:9311 --listen keystone=0.0.0.0:5000
  standin --fixture documented --fixture records.yaml --watch`
}

// defaultFixture is the fixture of the command if none is given.
const defaultFixture = "default"

// grace is how long exchanges in progress may take after the signal to stop.
const grace = 500 * time.Millisecond

// Run serves until the context ends. With --log-format json, it logs its error as JSON.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	surviveClosedOutput()
	log, out, err := c.open(s.err)
	if err != nil {
		return err
	}
	defer out.close()
	err = c.serve(ctx, s, log, out)
	if err != nil && c.json() {
		log.Error().Msg(err.Error())
		return errSilent
	}
	return err
}

// serve serves until the context ends.
func (c *serveCmd) serve(ctx context.Context, s streams, log zerolog.Logger, out *outlet) error {
	o, err := c.options(log, out, s.err)
	if err != nil {
		return err
	}
	met, err := openOutput(c.Coverage)
	if err != nil {
		return err
	}
	defer met.discard()
	e, err := core.New(o)
	if err != nil {
		return err
	}
	listen := c.addresses(c.Listen)
	if c.ControlListen != "" {
		listen = append(listen, "control="+c.ControlListen)
	}
	heap.loaded()
	srv, err := e.Start(context.WithoutCancel(ctx), listen...)
	if err != nil {
		return err
	}
	for _, a := range listen {
		if name, _, ok := strings.Cut(a, "="); ok {
			at := srv.Addr(name)
			if secure(a) {
				at = srv.TLSAddr(name)
			}
			log.Info().Str("service", name).Str("address", at).Bool("tls", secure(a)).Msg("listening")
		}
	}
	ready := []any{"standin ready", srv.URL}
	if srv.TLSURL != "" && srv.TLSURL != srv.URL {
		ready = append(ready, srv.TLSURL)
	}
	fmt.Fprintln(s.out, ready...)
	if c.Watch {
		watch(ctx, e.Sandboxes, log)
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(stopping); err != nil {
		log.Warn().Err(err).Msg("exchanges were cut off")
	}
	if met == nil {
		return nil
	}
	return met.write(e.Sandboxes.Coverage().JSON())
}

// terminal reports whether a writer is a terminal.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// options returns the options of the emulator.
func (c *serveCmd) options(log zerolog.Logger, out *outlet, to io.Writer) (core.Options, error) {
	o := core.Options{
		Plan:    sandbox.Plan{Fixtures: c.Fixture, Scenario: c.Scenario, Profile: c.Profile, Quirks: c.Quirk, Seed: c.Seed},
		Catalog: catalog.Options{HostHref: strings.TrimSuffix(c.HostHref, "/"), Contracts: c.Contract},
		Sandboxes: sandbox.Options{
			Fixture: defaultFixture, Max: &c.Sandboxes, TTL: &c.SandboxTTL, RefuseLost: c.LostSandboxes == "gone",
			Journal: journal.Limits{Entries: c.JournalEntries, Bytes: c.JournalBytes, AllBytes: c.JournalsBytes},
		},
		Exchange: exchange.Options{
			Settings: service.Settings{AuthOff: c.Auth == "off"}, Check: exchange.CheckMode(c.ContractCheck),
			NoRequestFaults: c.RequestFaults == "off", Log: logger(log), Lines: c.lines(log, out, to),
		},
		Transport: transport.Options{Connections: cmp.Or(c.Connections, -1)},
		Control:   core.Control{Off: c.Control == "off", Token: c.ControlToken, Hosts: c.ControlHost, NoConsole: c.Console == "off"},
	}
	o.Transport.Log = o.Exchange.Log
	if c.Clock != "" {
		at, err := sandbox.ParseClock(c.Clock)
		if err != nil {
			return o, err
		}
		o.Plan.Clock = &at
	}
	var err error
	o.Transport.TLS, err = c.tls()
	return o, err
}
