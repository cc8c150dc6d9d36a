package exchange

import (
	"log/slog"
	"sync/atomic"
	"time"

	"standin/emulator/journal"
	"standin/internal/explain"
	"standin/internal/metrics"
	"standin/internal/route"
	"standin/internal/ruleset"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// A Config is the parts that a Path connects.
type Config struct {
	Routes    *route.Table
	Sandboxes *sandbox.Registry
	Rules     *ruleset.Catalogue // parses the rules of the header X-Standin-Fault
	Own       Own
	Options
}

// Own describes the emulator's own API, which the fallback service serves.
type Own struct {
	Health  string            // served even if a limit is reached
	Off     bool              // every other path of it returns 404
	Aliases map[string]string // maps other paths to paths of it
}

// Options of a Path. The zero value of each is its default.
type Options struct {
	Settings        service.Settings
	Check           CheckMode // default CheckSampled
	Report          func(violation error)
	Log             *slog.Logger // exchanges at debug level, violations as warnings, bugs as errors; nil: no logging
	Lines           Lines
	NoRequestFaults bool          // ignore the header X-Standin-Fault
	Connections     int           // the limit, quoted in error messages
	Patience        time.Duration // max time for a client to read a part of a response
}

// Lines says which exchanges are passed to To as a line, instead of being logged at debug level.
// The emulator's own API has no lines.
type Lines struct {
	Which LineMode // empty: exchanges are logged by Options.Log
	To    func(*journal.Line)
}

// A LineMode says which exchanges get a line.
type LineMode string

// The values of a LineMode.
const (
	LogRequests LineMode = "requests" // every exchange
	LogErrors   LineMode = "errors"   // exchanges whose journal.Line is Bad
	LogOff      LineMode = "off"
)

// A Path is the request path of an emulator. It is safe for concurrent use.
type Path struct {
	Config

	apart  atomic.Bool // the fallback service has a listener of its own
	sent   atomic.Uint64
	holder holder
	unread explain.Tally
	meter  *metrics.Meter
}

// New returns a Path for the given configuration.
func New(c Config) *Path {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &Path{Config: c}
	p.holder.mode = c.Check
	names := make([]string, len(c.Routes.Services))
	for i, b := range c.Routes.Services {
		names[i] = b.Name
	}
	p.meter = metrics.NewMeter(names)
	return p
}

// Apart records that the fallback service has its own listener. The other listeners then refuse
// its paths.
func (p *Path) Apart() { p.apart.Store(true) }

// IsApart reports whether the fallback service has its own listener.
func (p *Path) IsApart() bool { return p.apart.Load() }

// Sent returns the number of requests to all sandboxes, except requests to the fallback service.
func (p *Path) Sent() uint64 { return p.sent.Load() }

// Violations returns the number of responses that broke the contract.
func (p *Path) Violations() uint64 { return p.holder.violations.Load() }

// Meter returns the counts of requests for metrics.
func (p *Path) Meter() *metrics.Meter { return p.meter }

// Unread returns what the requests to all sandboxes have that nothing read.
func (p *Path) Unread() *explain.Report { return p.unread.Report() }

// Unchecked returns the number of responses that were too long to be checked against the
// contract, and of streams.
func (p *Path) Unchecked() uint64 { return p.holder.unchecked.Load() }
