package emulator

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/scenario"
	"standin/internal/service"
	"standin/internal/transport"
)

// An Option changes an emulator before it starts. A bad value is an error of New.
type Option func(*config) error

type config struct {
	// of a sandbox
	fixtures []string
	seed     *int64
	clock    *setting
	profile  string
	quirks   []string
	scenario string
	usual    string             // the fixture where nobody names one; empty: "empty"
	itsWorld bool               // the base's world stays, whatever the scenario's fixture is
	content  *scenario.Scenario // a scenario that is at hand
	rules    []fault.Rule

	// of the whole emulator
	ofSandbox       bool // options of the whole emulator are refused
	contracts       []string
	settings        service.Settings
	transport       transport.Options
	hostHref        string // of Barbican's references
	controlHosts    []string
	controlToken    string
	controlOff      bool
	check           CheckMode
	logger          zerolog.Logger
	logged          ExchangeLog // empty: by the logger, at debug level
	exchangeLog     func(*journal.Line)
	onViolation     func(error)
	journal         journal.Limits
	sandboxes       int
	sandboxTTL      time.Duration
	noRequestFaults bool
	keepRemoved     bool
	tb              TB
}

func defaults() config {
	return config{
		check: CheckSampled, logger: zerolog.Nop(), sandboxes: usualSandboxes, sandboxTTL: usualTTL,
	}
}

// whole is an option that a sandbox cannot have for itself.
func whole(name string, set func(c *config) error) Option {
	return func(c *config) error {
		if c.ofSandbox {
			return fmt.Errorf("%s is an option of the whole emulator, not of a sandbox", name)
		}
		return set(c)
	}
}

// WithFixture starts from fixtures, each the name of a built-in one (empty,
// default, documented) or the path of a file. Later ones add to earlier ones. They count
// in place of a scenario's.
func WithFixture(names ...string) Option {
	return func(c *config) error {
		c.fixtures = names
		return nil
	}
}

// WithUsualFixture starts from a fixture where neither WithFixture nor a scenario
// names one; without it that is "empty".
func WithUsualFixture(name string) Option {
	return whole("WithUsualFixture", func(c *config) error {
		c.usual = name
		return nil
	})
}

// WithSeed sets the seed of ids and secrets, in place of the fixture's. 0 is a
// seed like any other.
func WithSeed(seed int64) Option {
	return func(c *config) error {
		c.seed = &seed
		return nil
	}
}

// WithScenario starts with a scenario, by the name of a built-in one or the path
// of a file.
func WithScenario(name string) Option {
	return func(c *config) error {
		c.scenario = name
		return nil
	}
}

// WithProfile chooses how the services behave where the real servers do something
// else than their documents: "documented" as the documents say, which is the default, "observed" as
// the servers do. It counts in place of a scenario's.
func WithProfile(name string) Option {
	return func(c *config) error {
		c.profile = name
		return nil
	}
}

// WithQuirks turns quirks on beyond the profile and the scenario's, by name or glob
// ("freezer.*"), or off ("-freezer.offset-is-an-index"). Later ones count. Quirks lists them.
func WithQuirks(names ...string) Option {
	return func(c *config) error {
		c.quirks = append(c.quirks, names...)
		return nil
	}
}

// WithFault arms rules, behind those of a scenario.
func WithFault(rules ...fault.Rule) Option {
	return func(c *config) error {
		c.rules = append(c.rules, rules...)
		return nil
	}
}

// Documented is the rule by which an operation once answers an error that its
// contract documents: Documented("freezer.clients.create", 753).
func Documented(operation string, status int) fault.Rule {
	return fault.Rule{Use: fmt.Sprintf("%s/%d", operation, status)}
}

// WithClock sets the clock, in place of that of fixture and scenario: "real", an offset
// such as "+1h", a time as RFC 3339 has it, at which the clock is frozen, or "start:" and
// such a time, from which it runs.
func WithClock(text string) Option {
	return func(c *config) error {
		s, err := parseClock(text)
		c.clock = &s
		return err
	}
}

// WithJournal bounds the journals of the sandboxes, each and all together; 0 is the
// default of each bound.
func WithJournal(limits journal.Limits) Option {
	return whole("WithJournal", func(c *config) error {
		if limits.Entries < 0 || limits.Bytes < 0 || limits.AllBytes < 0 {
			return errors.New("the bounds of a journal must not be negative")
		}
		c.journal = limits
		return nil
	})
}

// WithSandboxes bounds the sandboxes beside the default one. Those that were made
// by their first use are gone when nobody has used them for the ttl; 0 keeps them.
func WithSandboxes(most int, ttl time.Duration) Option {
	return whole("WithSandboxes", func(c *config) error {
		if most < 0 || ttl < 0 {
			return errors.New("the bounds of sandboxes must not be negative")
		}
		c.sandboxes, c.sandboxTTL = most, ttl
		return nil
	})
}

// WithConnections bounds the connections that are open at once; the default is 8192.
// Beyond it, the connection that has served no request for longest is closed. Where all
// serve one, new connections are answered 503, but for health.
func WithConnections(most int) Option {
	return whole("WithConnections", func(c *config) error {
		if most < 1 {
			return errors.New("the bound of connections must be 1 or more")
		}
		c.transport.Connections = most
		return nil
	})
}

// WithTLS has Start without addresses, and RunT, listen with TLS too, on a free
// port: Server.TLSURL. The certificate is issued by a CA that the emulator makes for itself, for
// localhost, 127.0.0.1, ::1, the hosts that it is told to listen on, and these ones: host names,
// which may begin with "*.", or IP addresses. Clients trust Emulator.CA.
func WithTLS(hosts ...string) Option {
	return whole("WithTLS", func(c *config) error {
		for _, h := range hosts {
			if err := transport.CheckHost(h); err != nil {
				return err
			}
		}
		c.transport.TLS.On = true
		c.transport.TLS.Hosts = append(c.transport.TLS.Hosts, hosts...)
		return nil
	})
}

// WithTLSCertificate is WithTLS with a certificate of your own, from files in PEM:
// the certificate, followed by those that it was issued with, and its key. The emulator then
// has no CA.
func WithTLSCertificate(certFile, keyFile string) Option {
	return whole("WithTLSCertificate", func(c *config) error {
		cert, err := transport.LoadCertificate(certFile, keyFile)
		c.transport.TLS.On, c.transport.TLS.Certificate = true, cert
		return err
	})
}

// WithRemovedSandboxes keeps the journals of sandboxes that are deleted, for VerifyAll,
// AllRequests and AllJournals.
func WithRemovedSandboxes() Option {
	return whole("WithRemovedSandboxes", func(c *config) error {
		c.keepRemoved = true
		return nil
	})
}

// WithoutRequestFaults ignores the request header X-Standin-Fault.
func WithoutRequestFaults() Option {
	return whole("WithoutRequestFaults", func(c *config) error {
		c.noRequestFaults = true
		return nil
	})
}

// WithControlToken has the control API ask for this bearer token. Health and the
// index stay open.
func WithControlToken(token string) Option {
	return whole("WithControlToken", func(c *config) error {
		c.controlToken = token
		return nil
	})
}

// WithControlOff turns the control API off, but for health and the index.
func WithControlOff() Option {
	return whole("WithControlOff", func(c *config) error {
		c.controlOff = true
		return nil
	})
}

// withSetting sets the clock.
func withSetting(s setting) Option {
	return func(c *config) error {
		c.clock = &s
		return nil
	}
}

// withItsWorld keeps the world of a fork.
func withItsWorld() Option {
	return func(c *config) error {
		c.itsWorld = true
		return nil
	}
}

// withTB lets sandboxes fail a test.
func withTB(tb TB) Option {
	return func(c *config) error {
		c.tb = tb
		return nil
	}
}

// WithAuthOff lets everybody do what the member "demo" may do.
func WithAuthOff() Option {
	return whole("WithAuthOff", func(c *config) error {
		c.settings.AuthOff = true
		return nil
	})
}

// WithHostHref fixes what Barbican's references begin with, as its option
// host_href does. Empty, they begin with the address of the request.
func WithHostHref(href string) Option {
	return whole("WithHostHref", func(c *config) error {
		if u, err := url.Parse(href); href != "" && (err != nil || !strings.HasPrefix(u.Scheme, "http") || u.RawQuery != "" || u.Fragment != "") {
			return fmt.Errorf("host href %q: expected a URL such as https://localhost:9311", href)
		}
		c.hostHref = strings.TrimSuffix(href, "/")
		return nil
	})
}

// WithContract adds services whose operations answer the examples of an OpenAPI
// 3.1 document each. The document names its service in x-service.
func WithContract(files ...string) Option {
	return whole("WithContract", func(c *config) error {
		c.contracts = append(c.contracts, files...)
		return nil
	})
}

// WithControlHost lets the control API be reached under more host names.
func WithControlHost(names ...string) Option {
	return whole("WithControlHost", func(c *config) error {
		c.controlHosts = append(c.controlHosts, names...)
		return nil
	})
}

// An ExchangeLog says which exchanges are logged.
type ExchangeLog string

// The exchange logs.
const (
	LogRequests ExchangeLog = "requests" // all of them
	LogErrors   ExchangeLog = "errors"   // those whose journal.Line is Bad
	LogOff      ExchangeLog = "off"
)

// WithExchangeLog has f called after exchanges with their lines, in place of the
// logger's line at debug level. Secrets in a line are redacted. Requests to the
// control API have none. f is called from many goroutines at once, and must neither
// wait nor keep the line.
func WithExchangeLog(which ExchangeLog, f func(*journal.Line)) Option {
	return whole("WithExchangeLog", func(c *config) error {
		c.logged, c.exchangeLog = which, f
		return nil
	})
}

// WithLogger logs there: exchanges at debug level, violations of the contract and what
// net/http complains of as warnings, panics as errors.
func WithLogger(l zerolog.Logger) Option {
	return whole("WithLogger", func(c *config) error {
		c.logger = l
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

// WithContractCheck sets how many answers are held to the contract; the default
// is CheckSampled, under RunT CheckAlways.
func WithContractCheck(mode CheckMode) Option {
	return whole("WithContractCheck", func(c *config) error {
		switch mode {
		case CheckAlways, CheckSampled, CheckOff:
			c.check = mode
			return nil
		default:
			return fmt.Errorf("contract check %q: expected always, sampled or off", mode)
		}
	})
}

// withViolations has violations of the contract reported, under RunT to the test.
func withViolations(report func(error)) Option {
	return func(c *config) error {
		c.onViolation = report
		return nil
	}
}
