package main

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"standin/internal/transport"
)

// These are the flags about TLS. Each of them turns TLS on.
type tlsFlags struct {
	TLS       bool     `name:"tls" help:"Also listen with TLS. A CA of Standin signs the certificate; GET /_standin/ca.pem returns the CA."`
	TLSListen []string `name:"tls-listen" placeholder:"ADDR" help:"Address to listen on with TLS, as in --listen. Default: port 9312 on the host of the first --listen address, or a free port if that address has port 0. May be repeated."`
	TLSHost   []string `name:"tls-host" placeholder:"HOST" help:"Additional host name or IP address for the certificate, which always has localhost, 127.0.0.1 and ::1. May be repeated."`
	TLSCert   string   `name:"tls-cert" placeholder:"FILE" help:"Certificate in PEM, followed by its chain. Default: one signed by the CA of Standin."`
	TLSKey    string   `name:"tls-key" placeholder:"FILE" help:"Private key of --tls-cert, in PEM."`
}

const (
	secureScheme   = "https://"
	defaultHost    = "127.0.0.1"
	defaultAddress = defaultHost + ":9311"
	defaultTLSPort = "9312"
	errHalfOfPair  = "--tls-cert and --tls-key must be given together"
	errHostOfPair  = "--tls-host cannot be combined with --tls-cert: it applies only to certificates of the CA of Standin"
)

// on reports whether TLS is on.
func (c *tlsFlags) on() bool {
	return c.TLS || len(c.TLSListen) > 0 || len(c.TLSHost) > 0 || c.TLSCert != "" || c.TLSKey != ""
}

// tls returns how the emulator serves TLS.
func (c *tlsFlags) tls() (transport.TLS, error) {
	t := transport.TLS{On: c.on(), Hosts: c.TLSHost}
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return t, errors.New(errHalfOfPair)
	case c.TLSCert != "" && len(c.TLSHost) > 0:
		return t, errors.New(errHostOfPair)
	case c.TLSCert != "":
		var err error
		t.Certificate, err = transport.LoadCertificate(c.TLSCert, c.TLSKey)
		return t, err
	}
	for _, h := range t.Hosts {
		if err := transport.CheckHost(h); err != nil {
			return t, err
		}
	}
	return t, nil
}

// addresses returns all addresses, with https:// before those with TLS. If an address of --listen
// has https://, no default address with TLS is added.
func (c *tlsFlags) addresses(listen []string) []string {
	with := slices.Clone(c.TLSListen)
	if with == nil && c.on() && !slices.ContainsFunc(listen, secure) {
		host, port, _ := net.SplitHostPort(hostPort(firstOf(listen)))
		if port != "0" {
			port = defaultTLSPort
		}
		with = []string{net.JoinHostPort(host, port)}
	}
	all := slices.Clone(listen)
	for _, a := range with {
		name, at, ok := strings.Cut(a, "=")
		if !ok {
			name, at = "", a
		} else {
			name += "="
		}
		all = append(all, name+secureScheme+strings.TrimPrefix(at, secureScheme))
	}
	return all
}

// firstOf returns the first address of --listen, or the default address.
func firstOf(listen []string) string {
	if len(listen) == 0 {
		return defaultAddress
	}
	return listen[0]
}

// hostPort returns HOST:PORT of an address of --listen.
func hostPort(address string) string {
	_, at, ok := strings.Cut(address, "=")
	if !ok {
		at = address
	}
	return strings.TrimPrefix(strings.TrimPrefix(at, secureScheme), "http://")
}

// secure reports whether an address of --listen has TLS.
func secure(address string) bool {
	_, at, _ := strings.Cut(address, "=")
	return strings.HasPrefix(address, secureScheme) || strings.HasPrefix(at, secureScheme)
}

// clientFor returns an HTTP client for the URL of an emulator. It uses no proxy, since a proxy does
// not reach the machine of a developer. It does not verify the certificate of an emulator on this
// machine, since the CA exists only in the emulator's memory.
func clientFor(at string) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	if u, err := url.Parse(at); err == nil && ours(u.Hostname()) {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // nobody is between this process and its own machine
	}
	return &http.Client{Transport: t}
}

// ours reports whether a host is an address of this machine.
func ours(host string) bool {
	ip := net.ParseIP(host)
	if host == "localhost" || ip.IsLoopback() {
		return true
	}
	all, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(all, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && ip != nil && n.IP.Equal(ip)
	})
}
