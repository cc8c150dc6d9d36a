package exchange

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"standin/emulator/journal"
	"standin/internal/route"
	"standin/internal/ruleset"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// A Config is what a path needs.
type Config struct {
	Routes    *route.Table
	Sandboxes *sandbox.Registry
	Rules     *ruleset.Catalogue // for rules that requests bring along
	Own       Own
	Options
}

// Own is what the path knows of the emulator's own API, which the fallback service answers.
type Own struct {
	Health  string            // the path that is answered whatever bound is reached
	Off     bool              // all else of it is turned off
	Aliases map[string]string // other paths by which it is known
}

// Options of a path. The zero value of each is its default.
type Options struct {
	Settings        service.Settings
	Check           CheckMode // CheckSampled
	Report          func(violation error)
	Log             *slog.Logger // exchanges at debug level, violations as warnings, bugs as errors; nil: nothing is logged
	Lines           Lines
	NoRequestFaults bool          // the header X-Standin-Fault is passed over
	Connections     int           // the bound, for the words of a refusal
	Patience        time.Duration // with clients that do not read a piece of an answer
}

// Lines say which exchanges are told by their lines, to a function in place of the logger's line
// at debug level. Those of the fallback service's own paths have none.
type Lines struct {
	Which LineMode // empty: by the logger
	To    func(*journal.Line)
}

// A LineMode says which exchanges are told.
type LineMode string

// The line modes.
const (
	LogRequests LineMode = "requests" // all of them
	LogErrors   LineMode = "errors"   // those whose journal.Line is Bad
	LogOff      LineMode = "off"
)

// A Path is the request path of an emulator. Its methods may be used from many goroutines.
type Path struct {
	Config

	apart  atomic.Bool // the fallback service has a listener of its own
	sent   atomic.Uint64
	holder holder
}

// New makes a path.
func New(c Config) *Path {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &Path{Config: c, holder: holder{mode: c.Check, answers: counts{}}}
	for _, b := range c.Routes.Services {
		for _, op := range append(slices.Clone(b.Contract.Operations), b.Contract.Elsewhere) {
			p.holder.answers.know(op)
		}
	}
	return p
}

// Apart says that the fallback service has a listener of its own: no other answers for it.
func (p *Path) Apart() { p.apart.Store(true) }

// Sent is how many requests came to all sandboxes. Those to the fallback service do not count.
func (p *Path) Sent() uint64 { return p.sent.Load() }

// Violations is how many answers were found not to keep to the contract.
func (p *Path) Violations() uint64 { return p.holder.violations.Load() }

// Unchecked is how many answers were too long to be held to the contract.
func (p *Path) Unchecked() uint64 { return p.holder.unchecked.Load() }
