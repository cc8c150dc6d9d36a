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
	"standin/internal/service"
	"standin/internal/transport"
)

// An arrival is a request and the connection and path by which it arrived.
type arrival struct {
	request *http.Request
	conn    *transport.Conn // nil if the listener is not one of package transport
	reused  bool            // the connection had carried a request before
	inside  string          // the part of the path that names the sandbox: /~NAME, or empty
	at      string          // the path without inside
	to      entrance
	slot    string // see service.Call.Slot
}

// An entrance is how a request names its sandbox.
type entrance struct {
	name   string
	given  bool // named by path or header; otherwise the caller's token may select one
	exists bool // the sandbox must already exist
}

// arrive reads from the path and the headers which sandbox the request names. Own is the path
// prefix of the emulator's own API. Aliases maps other paths to paths of that API.
func arrive(r *http.Request, own string, aliases map[string]string) arrival {
	a := arrival{request: r, conn: transport.Of(r), at: route.Collapse(r.URL.Path)}
	a.reused = a.conn.Count()
	a.slot = takeSlot(r.Header)
	if rest, ok := strings.CutPrefix(a.at, "/~"); ok {
		a.to.name, _, _ = strings.Cut(rest, "/")
		a.inside, a.to.given = "/~"+a.to.name, true
		a.at = cmp.Or(rest[len(a.to.name):], "/")
	} else if header := r.Header[service.SandboxHeader]; len(header) > 0 {
		a.to.name, a.to.given = header[0], true
	}
	if path, ok := aliases[a.at]; ok {
		a.at = path
	}
	rest, isOwn := strings.CutPrefix(a.at, own)
	if rest, ok := strings.CutPrefix(rest, "/sandboxes/"); ok && isOwn {
		if name, rest, more := strings.Cut(rest, "/"); more { // the rest is a path of the emulator's own API in that sandbox
			a.at, a.to = own+"/"+rest, entrance{name, true, true}
		}
	}
	return a
}

// takeSlot removes the slot from the headers, since no client has sent it, and returns it. A slot that
// is not valid is none.
func takeSlot(h http.Header) string {
	values := h[service.SlotHeader]
	if values == nil {
		return ""
	}
	delete(h, service.SlotHeader)
	if len(values) != 1 || len(values[0]) != 2 || strings.Trim(values[0], "0123456789abcdef") != "" {
		return ""
	}
	return values[0]
}

// shown returns the path with secrets redacted, for logs and messages.
func (a *arrival) shown() string { return recorder.ShownPath(a.request.URL.Path, a.request.Header) }

// An origin is the address by which the caller reached the emulator.
type origin struct {
	tls        bool
	proto      string // http:// or https:// from X-Forwarded-Proto; empty without that header
	host, port string // the host is an IP address without brackets, or a name
	prefix     string // the path prefix that a proxy removed
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

// authority returns the host and the port, or the host alone if port is empty.
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

// origin reads the Host header and the headers of proxies: X-Forwarded-Proto, X-Forwarded-Host
// and X-Forwarded-Prefix. It ignores values that are not valid in a URL.
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

// localAddr returns the address at which the request was accepted. It is used for HTTP/1.0
// requests, which may have no Host header.
func localAddr(r *http.Request) string {
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return at.String()
	}
	return ""
}

// The signs that are allowed in an address, in addition to letters and digits, and its max length
// in bytes.
const (
	hostSigns      = "._~-"
	pathSigns      = "/._~-%!$&'()*+,;=:@"
	longestAddress = 300
)

// splitHost splits a Host header into host and port. The host may be empty before a port, because
// the Chinese page of Barbican prints https://:9311.
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

// goodPort reports whether text is a port number or empty.
func goodPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}

// consists reports whether text is at most longestAddress bytes of letters, digits and the given
// signs.
func consists(text, signs string) bool {
	return len(text) <= longestAddress && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(signs, r)
	})
}

// first returns the first element of a header that may hold a comma-separated list.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	v, _, _ := strings.Cut(values[0], ",")
	return strings.TrimSpace(v)
}
