package emulator

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/rs/zerolog"

	"standin/emulator/service"
)

// An Option changes an emulator before it starts. A bad value is an error of New.
type Option func(*config) error

type config struct {
	fixtures     []string
	contracts    []string
	seed         *int64
	settings     service.Settings
	controlHosts []string
	check        CheckMode
	logger       zerolog.Logger
	onViolation  func(error)
}

func defaults() config {
	return config{fixtures: []string{"empty"}, check: CheckSampled, logger: zerolog.Nop()}
}

// WithFixture starts from fixtures, each the name of a built-in one (empty,
// default, documented) or the path of a file. Later ones add to earlier ones.
func WithFixture(names ...string) Option {
	return func(c *config) error {
		c.fixtures = names
		return nil
	}
}

// WithSeed sets the seed of ids and secrets, in place of the fixture's. 0 is a
// seed like any other.
func WithSeed(seed int64) Option {
	return func(c *config) error {
		c.seed = &seed
		return nil
	}
}

// WithAuthOff lets everybody do what the member "demo" may do.
func WithAuthOff() Option {
	return func(c *config) error {
		c.settings.AuthOff = true
		return nil
	}
}

// WithHostHref fixes what Barbican's references begin with, as its option
// host_href does. Empty, they begin with the address of the request.
func WithHostHref(href string) Option {
	return func(c *config) error {
		if u, err := url.Parse(href); href != "" && (err != nil || !strings.HasPrefix(u.Scheme, "http") || u.RawQuery != "" || u.Fragment != "") {
			return fmt.Errorf("host href %q: expected a URL such as https://localhost:9311", href)
		}
		c.settings.HostHref = strings.TrimSuffix(href, "/")
		return nil
	}
}

// WithContract adds services whose operations answer the examples of an OpenAPI
// 3.1 document each. The document names its service in x-service.
func WithContract(files ...string) Option {
	return func(c *config) error {
		c.contracts = append(c.contracts, files...)
		return nil
	}
}

// WithControlHost lets the control API be reached under more host names.
func WithControlHost(names ...string) Option {
	return func(c *config) error {
		c.controlHosts = append(c.controlHosts, names...)
		return nil
	}
}

// WithLogger logs there: exchanges at debug level, violations of the contract as
// warnings, panics as errors.
func WithLogger(l zerolog.Logger) Option {
	return func(c *config) error {
		c.logger = l
		return nil
	}
}

// A CheckMode says how many answers are held to the contract.
type CheckMode string

// The check modes.
const (
	CheckAlways  CheckMode = "always"
	CheckSampled CheckMode = "sampled" // the first hundred of each operation and status, then one in a hundred
	CheckOff     CheckMode = "off"
)

// WithContractCheck sets how many answers are held to the contract; the default
// is CheckSampled, under RunT CheckAlways.
func WithContractCheck(mode CheckMode) Option {
	return func(c *config) error {
		switch mode {
		case CheckAlways, CheckSampled, CheckOff:
			c.check = mode
			return nil
		default:
			return fmt.Errorf("contract check %q: expected always, sampled or off", mode)
		}
	}
}

// withViolations has violations of the contract reported, under RunT to the test.
func withViolations(report func(error)) Option {
	return func(c *config) error {
		c.onViolation = report
		return nil
	}
}
