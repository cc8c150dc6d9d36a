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

// An Option changes an emulator before it starts. If its value is invalid, New returns an error.
type Option interface{ change(o *core.Options) error }

// A SandboxOption is an Option that can also be given to a sandbox. Its default is then not that in
// its comment, but how the emulator started.
type SandboxOption interface {
	Option
	plan(p *sandbox.Plan) error
}

// whole is an option of an emulator.
type whole func(o *core.Options) error

func (f whole) change(o *core.Options) error { return f(o) }

// own is an option of a sandbox, or of the start of an emulator's sandboxes.
type own func(p *sandbox.Plan) error

func (f own) plan(p *sandbox.Plan) error   { return f(p) }
func (f own) change(o *core.Options) error { return f(&o.Plan) }

// planOf returns the plan of a sandbox with options.
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

// WithFixture starts from fixtures. A name is that of a built-in fixture (empty, default,
// documented) or a file. Later fixtures add records, also those of a second WithFixture. If a
// fixture has a clock, it sets the clock. The default is the fixture of the scenario, or else
// "empty".
func WithFixture(names ...string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Fixtures = append(p.Fixtures, names...)
		return nil
	})
}

// WithFixtureData starts from a fixture that is given by value. It adds records to the fixtures
// before it. The fixture is the text of a fixture file, as []byte or string, or a value that
// encoding/json can encode as one. It may extend built-in fixtures. The default is none.
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

// WithFixtureFS starts from fixture files in a file system. They add records to the fixtures before
// them. The files may extend others in the file system, and built-in fixtures. The name of a
// built-in fixture always means that fixture. The default is none.
func WithFixtureFS(fsys fs.FS, names ...string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		read(p, func(path string) ([]byte, error) { return fs.ReadFile(fsys, filepath.ToSlash(path)) })
		p.Fixtures = append(p.Fixtures, names...)
		return nil
	})
}

// read adds a function that reads files. The previous function reads the files that the function
// does not have.
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

// WithSeed sets the seed of ids, secrets and random draws. 0 is a seed like any other. The default
// is the seed of the scenario, or else of the fixture, or else 1.
func WithSeed(seed int64) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Seed = &seed
		return nil
	})
}

// WithScenario starts with a scenario, given as the name of a built-in scenario or of a file. Other
// options take precedence over the scenario. WithScenario replaces an earlier WithScenarioData. The
// default is none.
func WithScenario(name string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Scenario, p.Text = name, nil
		return nil
	})
}

// WithScenarioData starts with a scenario that is given by value. The scenario is the text of a
// scenario file, as []byte or string, or a value that encoding/json can encode as one. Its fixtures
// are built-in ones, or files relative to the working directory. WithScenarioData replaces an
// earlier WithScenario. The default is none.
func WithScenarioData(scenario any) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		text, err := textOf(scenario)
		p.Scenario, p.Text = "", append([]byte{}, text...)
		return err
	})
}

// A Profile says how the services behave where a real server differs from its document.
type Profile string

// These are the profiles.
const (
	ProfileDocumented Profile = "documented" // as the documents say
	ProfileObserved   Profile = "observed"   // as the real servers behave
)

// WithProfile sets how the services behave where a real server differs from its document. The
// default is the profile of the scenario, or else ProfileDocumented.
func WithProfile(profile Profile) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Profile = string(profile)
		return nil
	})
}

// WithQuirks turns on quirks, in addition to those of the profile and the scenario. A name is that
// of a quirk or a glob ("freezer.*"); a leading dash turns quirks off
// ("-freezer.offset-is-an-index"). Names apply in order. The command standin quirks lists the
// quirks. The default is none.
func WithQuirks(names ...string) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Quirks = append(p.Quirks, names...)
		return nil
	})
}

// WithFault arms rules, after those of a scenario. The default is none.
func WithFault(rules ...fault.Rule) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Rules = append(p.Rules, rules...)
		return nil
	})
}

// WithTime freezes the clock at a time. The default is the clock of the scenario, or else of the
// fixture, or else the real time.
func WithTime(at time.Time) SandboxOption { return withClock(sandbox.FrozenAt(at)) }

// WithStartTime starts the clock at a time, from which it runs. The default is that of WithTime.
func WithStartTime(at time.Time) SandboxOption { return withClock(sandbox.StartingAt(at)) }

// WithClockOffset makes the clock run at an offset from the real time. A negative offset is in the
// past. 0 means the real time, whatever the scenario and the fixture say. The default is that of
// WithTime.
func WithClockOffset(d time.Duration) SandboxOption { return withClock(sandbox.OffsetBy(d)) }

func withClock(s sandbox.Setting) SandboxOption {
	return own(func(p *sandbox.Plan) error {
		p.Clock = &s
		return nil
	})
}

// WithJournal limits the size of journals. Limits of 0 are the defaults: 4,096 entries and 16 MiB
// for each journal, 256 MiB for all journals together.
func WithJournal(limits journal.Limits) Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.Journal = limits
		return nil
	})
}

// WithSandboxes limits the number of sandboxes, not counting the default one. A sandbox created on
// first use is deleted when it is unused for ttl; a ttl of 0 keeps it. The defaults are 10,000 and
// one hour.
func WithSandboxes(limit int, ttl time.Duration) Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.Max, o.Sandboxes.TTL = &limit, &ttl
		return nil
	})
}

// WithConnections limits the number of open connections. Beyond it, the connection that has been
// idle longest is closed. If all connections serve a request, new connections get the status 503,
// except for health. The default is 8,192.
func WithConnections(limit int) Option {
	return whole(func(o *core.Options) error {
		o.Transport.Connections = cmp.Or(limit, -1)
		return nil
	})
}

// WithTLS makes RunT, and Start without addresses, also listen with TLS on a free port:
// Server.TLSURL.
//
// A CA that the emulator creates issues the certificate. Clients must trust Emulator.CA. The
// certificate is valid for localhost, 127.0.0.1, ::1, the hosts of addresses, and the hosts given
// here. Those are IP addresses, or host names, which may begin with "*.". By default, only
// addresses with https:// have TLS.
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

// WithTLSCertificate does what WithTLS does, with a certificate from files in PEM. The first file
// has the certificate followed by its chain, the second its key. The emulator then has no CA. The
// default is a certificate of the emulator's CA.
func WithTLSCertificate(certFile, keyFile string) Option {
	return whole(func(o *core.Options) error {
		cert, err := transport.LoadCertificate(certFile, keyFile)
		o.Transport.TLS.On, o.Transport.TLS.Certificate = true, cert
		return err
	})
}

// WithRequestFaults says whether the request header X-Standin-Fault has an effect. The default is
// true.
func WithRequestFaults(on bool) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.NoRequestFaults = !on
		return nil
	})
}

// WithControl says whether the control API is served. Health and the index are always served. The
// default is true.
func WithControl(on bool) Option {
	return whole(func(o *core.Options) error {
		o.Control.Off = !on
		return nil
	})
}

// WithControlToken makes the control API require a bearer token. Health and the index do not
// require it. The default is empty, for no token.
func WithControlToken(token string) Option {
	return whole(func(o *core.Options) error {
		o.Control.Token = token
		return nil
	})
}

// WithControlHost adds host names under which the control API may be reached. By default it may be
// reached under IP addresses, names without a dot, and names that nobody can register, such as
// those that end in .internal.
func WithControlHost(names ...string) Option {
	return whole(func(o *core.Options) error {
		o.Control.Hosts = append(o.Control.Hosts, names...)
		return nil
	})
}

// WithAuth says whether callers must log in. If it is false, every caller acts as the member
// "demo". The default is true.
func WithAuth(on bool) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.Settings.AuthOff = !on
		return nil
	})
}

// WithHostHref sets the beginning of Barbican's references, as Barbican's option host_href does.
// The default is empty, for the address of the request.
func WithHostHref(href string) Option {
	return whole(func(o *core.Options) error {
		o.Catalog.HostHref = strings.TrimSuffix(href, "/")
		return nil
	})
}

// WithContract adds services from OpenAPI 3.1 documents. Their operations answer with the examples
// in the document. The name of the service is x-service in the document. The default is none.
func WithContract(files ...string) Option {
	return whole(func(o *core.Options) error {
		o.Catalog.Contracts = append(o.Catalog.Contracts, files...)
		return nil
	})
}

// WithLogger sets the logger. The emulator logs exchanges at debug level, contract violations and
// messages of net/http as warnings, and panics as errors. By default nothing is logged, and RunT
// and NewT log to the test.
func WithLogger(l *slog.Logger) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.Log = l
		return nil
	})
}

// A CheckMode says how many answers are checked against the contract.
type CheckMode string

// These are the check modes.
const (
	CheckAlways  CheckMode = "always"
	CheckSampled CheckMode = "sampled" // the first hundred answers of each operation and status, then one in a thousand; bodies up to 256 KiB
	CheckOff     CheckMode = "off"
)

// WithContractCheck sets how many answers are checked against the contract. The default is
// CheckSampled. With RunT and NewT, it is CheckAlways.
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

// withViolations sets the function that reports violations of the contract.
func withViolations(report func(error)) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.Report = report
		return nil
	})
}
