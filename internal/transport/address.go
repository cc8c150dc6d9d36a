package transport

import (
	"net"
	"strings"
)

// The beginnings of URLs.
const (
	PlainScheme  = "http://"
	SecureScheme = "https://"
)

// An Address is where to listen, or where a server listens.
type Address struct {
	Tag string // what the listener is for; empty: everything
	TLS bool
	At  string // HOST:PORT
}

// ParseAddress reads HOST:PORT, or TAG=HOST:PORT; https:// before HOST says that it speaks TLS,
// HTTP/2 and HTTP/1.1. What the host and the port are shows when it is listened on.
func ParseAddress(text string) Address {
	tag, at, ok := strings.Cut(text, "=")
	if !ok {
		tag, at = "", text
	}
	at, secure := strings.CutPrefix(at, SecureScheme)
	return Address{tag, secure, strings.TrimPrefix(at, PlainScheme)}
}

// String is the address as ParseAddress reads it.
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

// Scheme is the beginning of URLs of the address.
func (a Address) Scheme() string {
	if a.TLS {
		return SecureScheme
	}
	return PlainScheme
}

// URL is how a client on this machine reaches the address.
func (a Address) URL() string {
	host, port, err := net.SplitHostPort(a.At)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return a.Scheme() + net.JoinHostPort(host, port)
}

// A Want is a listener that would do.
type Want struct {
	Tag string
	TLS bool
}
