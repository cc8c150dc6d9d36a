package exchange

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"standin/internal/recorder"
	"standin/internal/route"
	"standin/internal/transport"
)

// SandboxHeader is the request header that names the sandbox.
const SandboxHeader = "X-Standin-Sandbox"

// An arrival is a request, and how it came.
type arrival struct {
	request *http.Request
	conn    *transport.Conn // nil if the listener is not one of package transport
	reused  bool            // the connection had carried a request before
	inside  string          // how the sandbox stands in the path: /~NAME, or nothing
	at      string          // the path without that
	to      entrance
}

// An entrance is how a request says in which sandbox it is to be served.
type entrance struct {
	name   string
	given  bool // by path or header; otherwise the token may lead into one
	exists bool // it must be there
}

// arrive reads the path: how it names the sandbox, and what is left of it. Own is the beginning of
// the emulator's own paths, aliases are others that stand for them.
func arrive(r *http.Request, own string, aliases map[string]string) arrival {
	a := arrival{request: r, conn: transport.Of(r), at: route.Collapse(r.URL.Path)}
	a.reused = a.conn.Count()
	if rest, ok := strings.CutPrefix(a.at, "/~"); ok {
		a.to.name, _, _ = strings.Cut(rest, "/")
		a.inside, a.to.given = "/~"+a.to.name, true
		a.at = cmp.Or(rest[len(a.to.name):], "/")
	} else if header := r.Header[SandboxHeader]; len(header) > 0 {
		a.to.name, a.to.given = header[0], true
	}
	if path, ok := aliases[a.at]; ok {
		a.at = path
	}
	if rest, ok := strings.CutPrefix(a.at, own+"/sandboxes/"); ok {
		if name, rest, more := strings.Cut(rest, "/"); more { // what is meant is own/… in that sandbox
			a.at, a.to = own+"/"+rest, entrance{name, true, true}
		}
	}
	return a
}

// shown is the path as it may be shown.
func (a *arrival) shown() string { return recorder.ShownPath(a.request.URL.Path, a.request.Header) }

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
func (a *arrival) origin() origin {
	r := a.request
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
