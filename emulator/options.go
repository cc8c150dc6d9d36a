package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/core"
	"standin/internal/exchange"
	"standin/internal/sandbox"
	"standin/internal/transport"
)

// An Option changes an emulator before it starts. A bad value is an error of New.
type Option interface{ change(o *core.Options) error }

// A SandboxOption is an Option that a sandbox can have for itself. What its options leave open is
// as the emulator started, in place of the default that stands with each of them.
type SandboxOption interface {
	Option
	plan(p *sandbox.Plan) error
}

// whole is an option of a whole emulator.
type whole func(o *core.Options) error

func (f whole) change(o *core.Options) error { return f(o) }

// own is an option of a sandbox, or of how all of an emulator's start.
type own func(p *sandbox.Plan) error

func (f own) plan(p *sandbox.Plan) error   { return f(p) }
func (f own) change(o *core.Options) error { return f(&o.Plan) }

// planOf is the plan of a sandbox with options.
func planOf(opts []SandboxOption) (sandbox.Plan, error) {
	p := sandbox.Plan{}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt.plan(&p); err != nil {
			return p, err
		}
	}
	return p, nil
}

// WithFixture starts from fixtures. Default: the scenario's, else "empty". Each is the name of a
// built-in one (empty, default, documented) or the path of a file. Later ones add to earlier ones,
// and so does a second WithFixture. A fixture brings its clock along.
func WithFixture(names ...string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Fixtures = append(p.Fixtures, names...)
		return nil
	})
}

// WithFixtureData starts from a fixture that is at hand, on top of those before it. Default:
// none. It is the text of a fixture file as []byte or string, or any value that encoding/json
// writes as one. It may extend built-in fixtures.
func WithFixtureData(fixture any) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		data, err := textOf(fixture)
		if err != nil {
			return fmt.Errorf("fixture: %w", err)
		}
		name := fmt.Sprintf("fixture data %d", len(p.Fixtures)+1)
		read(p, func(path string) ([]byte, error) {
			if path == name {
				return data, nil
			}
			return nil, fs.ErrNotExist
		})
		p.Fixtures = append(p.Fixtures, name)
		return nil
	})
}

// WithFixtureFS starts from files of a file system, on top of the fixtures before it. Default:
// none. The files may extend others of it, and built-in fixtures. The name of a built-in fixture
// stands for that one.
func WithFixtureFS(fsys fs.FS, names ...string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		read(p, func(path string) ([]byte, error) { return fs.ReadFile(fsys, filepath.ToSlash(path)) })
		p.Fixtures = append(p.Fixtures, names...)
		return nil
	})
}

// read has files read by a function first, and those that it has not as before.
func read(p *sandbox.Plan, open func(path string) ([]byte, error)) {
	before := p.Open
	if before == nil {
		before = os.ReadFile
	}
	p.Open = func(path string) ([]byte, error) {
		data, err := open(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return before(path)
		}
		return data, err
	}
}

// WithSeed sets the seed of ids, secrets and draws. Default: the scenario's, else the fixture's,
// else 1. 0 is a seed like any other.
func WithSeed(seed int64) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Seed = &seed
		return nil
	})
}

// WithScenario starts with a scenario, by the name of a built-in one or the path of a file.
// Default: none. What other options say counts in place of what it says. It takes the place of an
// earlier WithScenarioData.
func WithScenario(name string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Scenario, p.Text = name, nil
		return nil
	})
}

// WithScenarioData starts with a scenario that is at hand: the text of a scenario file as []byte
// or string, or any value that encoding/json writes as one. Default: none. Its fixtures are
// built-in ones, or files as seen from the working directory. It takes the place of an earlier
// WithScenario.
func WithScenarioData(scenario any) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		text, err := textOf(scenario)
		p.Scenario, p.Text = "", append([]byte{}, text...)
		return err
	})
}

// A Profile is how the services behave where the real servers do something else than their
// documents say.
type Profile string

// The profiles.
const (
	ProfileDocumented Profile = "documented" // as the documents say
	ProfileObserved   Profile = "observed"   // as the real servers were seen to do
)

// WithProfile chooses how the services behave. Default: the scenario's, else ProfileDocumented.
func WithProfile(profile Profile) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Profile = string(profile)
		return nil
	})
}

// WithQuirks turns quirks on beyond the profile's and the scenario's, by name or glob
// ("freezer.*"), or off ("-freezer.offset-is-an-index"). Default: none. Later ones count. The
// command standin quirks lists them.
func WithQuirks(names ...string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Quirks = append(p.Quirks, names...)
		return nil
	})
}

// WithFault arms rules, after those of a scenario. Default: none.
func WithFault(rules ...fault.Rule) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Rules = append(p.Rules, rules...)
		return nil
	})
}

// WithTime freezes the clock at a time. Default: the clock of the scenario, else of the fixture,
// else the real time.
func WithTime(at time.Time) SandboxOption { return withClock(sandbox.FrozenAt(at)) }

// WithStartTime has the clock run from a time on. Default: as that of WithTime.
func WithStartTime(at time.Time) SandboxOption { return withClock(sandbox.StartingAt(at)) }

// WithClockOffset has the clock run ahead of the real time, or behind it. Default: as that of
// WithTime. 0 is the real time, whatever scenario and fixture say.
func WithClockOffset(d time.Duration) SandboxOption { return withClock(sandbox.OffsetBy(d)) }

func withClock(s sandbox.Setting) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Clock = &s
		return nil
	})
}

// WithJournal bounds the journals of the sandboxes, each and all together. Default: 4,096 entries
// and 16 MiB each, 256 MiB together. 0 is the default of each bound.
func WithJournal(limits journal.Limits) Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.Journal = limits
		return nil
	})
}

// WithSandboxes bounds the sandboxes besides the default one. Default: 10,000, and an hour. Those
// that were made by their first use are gone when nobody has used them for the ttl; 0 keeps them.
func WithSandboxes(limit int, ttl time.Duration) Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.Max, o.Sandboxes.TTL = &limit, &ttl
		return nil
	})
}

// WithConnections bounds the connections that are open at once. Default: 8,192. Beyond it, the
// connection that has served no request for longest is closed. Where all serve one, new
// connections are answered 503, but for health.
func WithConnections(limit int) Option {
	return whole(func(o *core.Options) error {
		o.Transport.Connections = cmp.Or(limit, -1)
		return nil
	})
}

// WithTLS has Start without addresses, and RunT, listen with TLS too, on a free port:
// Server.TLSURL. Default: only where an address says so. The certificate is issued by a CA that
// the emulator makes for itself, for localhost, 127.0.0.1, ::1, the hosts that it is told to
// listen on, and these ones: host names, which may begin with "*.", or IP addresses. Clients trust
// Emulator.CA.
func WithTLS(hosts ...string) Option {
	return whole(func(o *core.Options) error {
		for _, h := range hosts {
			if err := transport.CheckHost(h); err != nil {
				return err
			}
		}
		o.Transport.TLS.On = true
		o.Transport.TLS.Hosts = append(o.Transport.TLS.Hosts, hosts...)
		return nil
	})
}

// WithTLSCertificate is WithTLS with a certificate of your own, from files in PEM: the
// certificate, followed by those that it was issued with, and its key. Default: one of the
// emulator's CA, which there is not then.
func WithTLSCertificate(certFile, keyFile string) Option {
	return whole(func(o *core.Options) error {
		cert, err := transport.LoadCertificate(certFile, keyFile)
		o.Transport.TLS.On, o.Transport.TLS.Certificate = true, cert
		return err
	})
}

// WithRequestFaults says whether the request header X-Standin-Fault counts. Default: true.
func WithRequestFaults(on bool) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.NoRequestFaults = !on
		return nil
	})
}

// WithControl says whether the control API is served, beyond health and the index. Default: true.
func WithControl(on bool) Option {
	return whole(func(o *core.Options) error {
		o.Control.Off = !on
		return nil
	})
}

// WithControlToken has the control API ask for this bearer token. Default: empty, for none.
// Health and the index stay open.
func WithControlToken(token string) Option {
	return whole(func(o *core.Options) error {
		o.Control.Token = token
		return nil
	})
}

// WithControlHost lets the control API be reached under more host names. Default: IP addresses,
// names without a dot, and names that nobody can register.
func WithControlHost(names ...string) Option {
	return whole(func(o *core.Options) error {
		o.Control.Hosts = append(o.Control.Hosts, names...)
		return nil
	})
}

// WithAuth says whether callers must log in. Default: true. Without it, everybody does what the
// member "demo" may do.
func WithAuth(on bool) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.Settings.AuthOff = !on
		return nil
	})
}

// WithHostHref fixes what Barbican's references begin with, as its option host_href does.
// Default: empty, for the address of the request.
func WithHostHref(href string) Option {
	return whole(func(o *core.Options) error {
		o.Catalog.HostHref = strings.TrimSuffix(href, "/")
		return nil
	})
}

// WithContract adds services whose operations answer the examples of an OpenAPI 3.1 document
// each. Default: none. The document names its service in x-service.
func WithContract(files ...string) Option {
	return whole(func(o *core.Options) error {
		o.Catalog.Contracts = append(o.Catalog.Contracts, files...)
		return nil
	})
}

// WithLogger logs there: exchanges at debug level, violations of the contract and what net/http
// complains of as warnings, panics as errors. Default: nothing is logged; RunT and NewT log to
// the test.
func WithLogger(l *slog.Logger) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.Log = l
		return nil
	})
}

// A CheckMode says how many answers are held to the contract.
type CheckMode string

// The check modes.
const (
	CheckAlways  CheckMode = "always"
	CheckSampled CheckMode = "sampled" // the first hundred of each operation and status, then one in a hundred; bodies of up to 256 KiB
	CheckOff     CheckMode = "off"
)

// WithContractCheck sets how many answers are held to the contract. Default: CheckSampled, under
// RunT and NewT CheckAlways.
func WithContractCheck(mode CheckMode) Option {
	return whole(func(o *core.Options) error {
		switch mode {
		case CheckAlways, CheckSampled, CheckOff:
			o.Exchange.Check = exchange.CheckMode(mode)
			return nil
		default:
			return fmt.Errorf("contract check %q: expected always, sampled or off", mode)
		}
	})
}

// withViolations has violations of the contract reported.
func withViolations(report func(error)) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.Report = report
		return nil
	})
}
