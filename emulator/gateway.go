package emulator

import (
	"net"
	"net/http"
	"strings"
)

// An exchange is the service.Gateway of its call.

// Inside is the part of the path that names the sandbox.
func (x *exchange) Inside() string { return x.inside }

// Base is Root and the prefix of the service.
func (x *exchange) Base() string { return x.Root() + x.prefix }

// Endpoint is the address of another service.
func (x *exchange) Endpoint(name string) string {
	return x.emulator.endpoint(x, name)
}

// Root is the address under which the caller reached the emulator: the Host,
// unless a proxy says what it was before.
func (x *exchange) Root() string {
	r := x.request
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	if proto := first(r.Header["X-Forwarded-Proto"]); proto == "http" || proto == "https" {
		scheme = proto
	}
	host := r.Host
	if h := first(r.Header["X-Forwarded-Host"]); h != "" {
		host = h
	}
	if host == "" { // HTTP/1.0
		host = "localhost"
		if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			host = at.String()
		}
	}
	prefix := strings.TrimRight(first(r.Header["X-Forwarded-Prefix"]), "/")
	return scheme + "://" + host + prefix + x.inside
}

// first is the first element of a header that may be a list.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	v, _, _ := strings.Cut(values[0], ",")
	return strings.TrimSpace(v)
}
