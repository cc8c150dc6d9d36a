package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"standin/emulator"
)

type serveCmd struct {
	Listen        []string `default:"127.0.0.1:9311" placeholder:"ADDR" help:"Where to listen: HOST:PORT for all services, NAME=HOST:PORT for one. May be repeated."`
	Fixture       []string `default:"default" placeholder:"NAME|FILE" help:"The state to start from: empty, default, documented, or a file. Later ones add to earlier ones."`
	Seed          *int64   `placeholder:"N" help:"The seed of ids and secrets, in place of the fixture's."`
	Auth          string   `default:"strict" enum:"strict,off" help:"strict: callers log in. off: everybody is the member demo."`
	HostHref      string   `placeholder:"URL" help:"What Barbican's references begin with; the request's own host unless given."`
	Contract      []string `placeholder:"FILE" help:"An OpenAPI 3.1 document whose operations answer their examples. May be repeated."`
	ControlHost   []string `placeholder:"NAME" help:"A host name more under which the control API may be reached. May be repeated."`
	ContractCheck string   `default:"sampled" enum:"always,sampled,off" help:"How many answers are held to the contract."`
	LogFormat     string   `default:"console" enum:"console,json" help:"How to log."`
	LogLevel      string   `default:"info" enum:"debug,info,warn,error" help:"What to log; debug has a line for every exchange."`
}

// grace is how long exchanges under way may take after the order to stop.
const grace = 500 * time.Millisecond

// Run serves until the context ends.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	log, err := c.logger(s)
	if err != nil {
		return err
	}
	e, err := emulator.New(c.options(log)...)
	if err != nil {
		return err
	}
	srv, err := e.Start(context.WithoutCancel(ctx), c.Listen...)
	if err != nil {
		return err
	}
	for _, a := range c.Listen {
		if name, _, ok := strings.Cut(a, "="); ok {
			log.Info().Str("service", name).Str("address", srv.Addr(name)).Msg("listening")
		}
	}
	fmt.Fprintln(s.out, "standin ready", srv.URL)
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(stopping); err != nil {
		log.Warn().Err(err).Msg("exchanges were cut off")
	}
	return nil
}

func (c *serveCmd) logger(s streams) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(c.LogLevel)
	if err != nil {
		return zerolog.Nop(), err
	}
	if c.LogFormat == "json" {
		return zerolog.New(s.err).Level(level).With().Timestamp().Logger(), nil
	}
	return zerolog.New(zerolog.ConsoleWriter{Out: s.err, TimeFormat: time.TimeOnly, NoColor: !terminal(s.err)}).Level(level).With().Timestamp().Logger(), nil
}

// terminal tells whether somebody may be looking.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (c *serveCmd) options(log zerolog.Logger) []emulator.Option {
	opts := []emulator.Option{
		emulator.WithFixture(c.Fixture...),
		emulator.WithHostHref(c.HostHref),
		emulator.WithContract(c.Contract...),
		emulator.WithControlHost(c.ControlHost...),
		emulator.WithContractCheck(emulator.CheckMode(c.ContractCheck)),
		emulator.WithLogger(log),
	}
	if c.Seed != nil {
		opts = append(opts, emulator.WithSeed(*c.Seed))
	}
	if c.Auth == "off" {
		opts = append(opts, emulator.WithAuthOff())
	}
	return opts
}
