package exchange

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"standin/internal/route"
	"standin/internal/transport"
)

// SandboxHeader is the request header that names the sandbox.
const SandboxHeader = "X-Standin-Sandbox"

// An entrance is how a request says in which sandbox it is to be served.
type entrance struct {
	name   string
	given  bool // by path or header; otherwise the token may lead into one
	exists bool // it must be there
}

// address reads the path: how it names the sandbox, and what is left of it.
func (x *exchange) address() (at string, to entrance) {
	r := x.request
	x.conn = transport.Of(r)
	x.reused = x.conn.Count()
	at = route.Collapse(r.URL.Path)
	if rest, ok := strings.CutPrefix(at, "/~"); ok {
		to.name, _, _ = strings.Cut(rest, "/")
		x.inside, to.given = "/~"+to.name, true
		at = cmp.Or(rest[len(to.name):], "/")
	} else if header := r.Header[SandboxHeader]; len(header) > 0 {
		to.name, to.given = header[0], true
	}
	if own, ok := x.path.Own.Aliases[at]; ok {
		at = own
	}
	prefix := x.path.Routes.Own
	if rest, ok := strings.CutPrefix(at, prefix+"/sandboxes/"); ok {
		if name, rest, more := strings.Cut(rest, "/"); more { // what is meant is prefix/… in that sandbox
			return prefix + "/" + rest, entrance{name, true, true}
		}
	}
	return at, to
}

// An exchange is the service.Gateway of its call.

// Present is a context that ends when the client leaves.
func (x *exchange) Present() (context.Context, context.CancelFunc) {
	return transport.Present(x.request)
}

// Base is Root and the prefix of the service, unless the service has an address of its own.
func (x *exchange) Base() string {
	if address := x.service.Address; address != "" {
		return address + x.inside
	}
	return x.Root() + x.prefix
}

// Root is the address under which the caller reached the emulator: the Host, unless a
// proxy says what it was before.
func (x *exchange) Root() string {
	o := x.origin()
	return o.scheme() + o.authority(o.port) + o.prefix + x.inside
}

// Endpoint is where the caller reaches a service. Behind the listener of one service,
// others are on the same host, on their own port or under their prefix on the combined one:
// by TLS if the request came by it, else without, as far as there is such a listener.
// It is empty where there is none.
func (x *exchange) Endpoint(name string) string {
	prefix := x.path.Routes.Named(name).Contract.Prefix
	switch x.conn.Tag() {
	case "":
		return x.Root() + prefix
	case name:
		return x.Root()
	}
	a, ok := x.conn.Elsewhere(name)
	if !ok {
		return ""
	}
	_, port, err := net.SplitHostPort(a.At)
	if err != nil {
		return ""
	}
	o := x.origin()
	url := cmp.Or(o.proto, a.Scheme()) + o.authority(port) + o.prefix + x.inside
	if a.Tag != name {
		url += prefix
	}
	return url
}

// An origin is under which address the caller reached the emulator.
type origin struct {
	tls        bool
	proto      string // http:// or https://, as a proxy says; empty without one
	host, port string // the host is an IP address without brackets, or a name
	prefix     string // of the path, before a proxy took it away
}

func (o *origin) scheme() string {
	switch {
	case o.proto != "":
		return o.proto
	case o.tls:
		return transport.SecureScheme
	default:
		return transport.PlainScheme
	}
}

// authority is the host and a port; without the port if that is empty.
func (o *origin) authority(port string) string {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return host + ":" + port
}

// origin reads Host and what proxies add: X-Forwarded-Proto, -Host and -Prefix. What
// cannot stand in a URL is passed over.
func (x *exchange) origin() origin {
	r := x.request
	o := origin{tls: r.TLS != nil}
	switch strings.ToLower(first(r.Header["X-Forwarded-Proto"])) {
	case "http":
		o.proto = transport.PlainScheme
	case "https":
		o.proto = transport.SecureScheme
	}
	for _, text := range []string{first(r.Header["X-Forwarded-Host"]), r.Host, localAddr(r), "localhost"} {
		if host, port, ok := splitHost(text); ok {
			o.host, o.port = host, port
			break
		}
	}
	prefix := strings.TrimRight(first(r.Header["X-Forwarded-Prefix"]), "/")
	if strings.HasPrefix(prefix, "/") && !strings.HasPrefix(prefix, "//") && consists(prefix, pathSigns) {
		o.prefix = prefix
	}
	return o
}

// localAddr is where a request without a Host came in: HTTP/1.0 has none.
func localAddr(r *http.Request) string {
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return at.String()
	}
	return ""
}

// What can stand in an address beside letters and digits, and how long it can be.
const (
	hostSigns      = "._~-"
	pathSigns      = "/._~-%!$&'()*+,;=:@"
	longestAddress = 300
)

// splitHost takes a Host apart. The host may be missing before a port, as the Chinese
// page of Barbican prints it.
func splitHost(text string) (host, port string, ok bool) {
	if text == "" {
		return "", "", false
	}
	host = text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:i], text[i+1:]
	}
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		host = strings.TrimSuffix(inner, "]")
		ip, err := netip.ParseAddr(host)
		return host, port, err == nil && ip.Is6() && ip.Zone() == "" && goodPort(port)
	}
	return host, port, consists(host, hostSigns) && goodPort(port) && (host != "" || port != "")
}

// goodPort reports whether a text is a number of a port, or empty.
func goodPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}

// consists reports whether a text is short and has only letters, digits and some signs.
func consists(text, signs string) bool {
	return len(text) <= longestAddress && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(signs, r)
	})
}

// first is the first element of a header that may be a list.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	v, _, _ := strings.Cut(values[0], ",")
	return strings.TrimSpace(v)
}
