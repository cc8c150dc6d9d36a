package transport

import (
	"net"
	"strings"
)

// The schemes of URLs, with the separator.
const (
	PlainScheme  = "http://"
	SecureScheme = "https://"
)

// An Address is an address to listen on, or one at which a server listens.
type Address struct {
	Tag string // the service that the listener is for; empty: every service
	TLS bool
	At  string // HOST:PORT
}

// ParseAddress splits HOST:PORT or TAG=HOST:PORT. With https:// before HOST the listener serves
// TLS, with HTTP/2 and HTTP/1.1. ParseAddress does not check host and port; Listen does.
func ParseAddress(text string) Address {
	tag, at, ok := strings.Cut(text, "=")
	if !ok {
		tag, at = "", text
	}
	at, secure := strings.CutPrefix(at, SecureScheme)
	return Address{tag, secure, strings.TrimPrefix(at, PlainScheme)}
}

// String returns the address in the form that ParseAddress reads.
func (a Address) String() string {
	text := a.At
	if a.TLS {
		text = SecureScheme + text
	}
	if a.Tag != "" {
		text = a.Tag + "=" + text
	}
	return text
}

// Scheme returns the scheme of the address's URLs, with the separator.
func (a Address) Scheme() string {
	if a.TLS {
		return SecureScheme
	}
	return PlainScheme
}

// URL returns the URL by which a client on this machine reaches the address.
func (a Address) URL() string {
	host, port, err := net.SplitHostPort(a.At)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return a.Scheme() + net.JoinHostPort(host, port)
}

// A Want describes a listener that is looked for.
type Want struct {
	Tag string
	TLS bool
}
