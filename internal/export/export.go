// Package export writes the entries of a journal in the formats of other tools: HAR 1.2 and
// commands of curl. Secrets are redacted in them as in the entries.
package export

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"standin/emulator/journal"
	"standin/internal/late"
)

// These match what may be a part of a URL. Other texts of a client are ignored, since a command is run
// by somebody else.
var (
	aHost   = late.Regexp(`^([A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)
	aPrefix = late.Regexp(`^/[A-Za-z0-9._~/-]{1,300}$`)
)

// target returns the URL that the client requested. It follows X-Forwarded-Proto, -Host and -Prefix
// where they can be parts of a URL. A path that is no path of a URL, such as *, is put after a slash.
func target(r *journal.Request, tls bool) string {
	scheme := strings.ToLower(first(r.Headers, "X-Forwarded-Proto"))
	switch {
	case scheme == "http", scheme == "https":
	case tls:
		scheme = "https"
	default:
		scheme = "http"
	}
	host := "localhost"
	for _, name := range []string{"X-Forwarded-Host", "Host"} {
		if text := first(r.Headers, name); aHost().MatchString(text) {
			host = text
			break
		}
	}
	path := r.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if prefix := strings.TrimRight(first(r.Headers, "X-Forwarded-Prefix"), "/"); aPrefix().MatchString(prefix) && !strings.HasPrefix(prefix, "//") {
		path = prefix + path
	}
	text := scheme + "://" + host + (&url.URL{Path: path}).EscapedPath()
	if r.Query != "" {
		text += "?" + r.Query
	}
	return text
}

// first returns the first element of a header that is a list; empty if there is none.
func first(headers map[string][]string, name string) string {
	text, _, _ := strings.Cut(header(headers, name), ",")
	return strings.TrimSpace(text)
}

// header returns the first value of a header; empty if there is none.
func header(headers map[string][]string, name string) string {
	if len(headers[name]) == 0 {
		return ""
	}
	return headers[name][0]
}

// A pair is a name with a value.
type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// pairs returns headers by name, in alphabetical order.
func pairs(headers map[string][]string) []pair {
	all := []pair{}
	for name, values := range headers {
		for _, v := range values {
			all = append(all, pair{name, v})
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
