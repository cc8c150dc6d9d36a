// Package export writes the entries of a journal in the formats of other tools: HAR 1.2 and
// commands of curl. Secrets are redacted in them as in the entries.
package export

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"standin/emulator/journal"
)

// target returns the URL that the client requested. It follows X-Forwarded-Proto, -Host and -Prefix,
// as links in responses do. A path that is no path of a URL, such as *, is put after a slash.
func target(r *journal.Request, tls bool) string {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	path := r.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	host := cmp.Or(header(r.Headers, "X-Forwarded-Host"), header(r.Headers, "Host"), "localhost")
	prefix := strings.TrimSuffix(header(r.Headers, "X-Forwarded-Prefix"), "/")
	if prefix != "" && !strings.HasPrefix(prefix, "/") {
		prefix = "/" + prefix
	}
	u := url.URL{Path: prefix + path}
	text := cmp.Or(header(r.Headers, "X-Forwarded-Proto"), scheme) + "://" + host + u.EscapedPath()
	if r.Query != "" {
		text += "?" + r.Query
	}
	return text
}

// header returns the first element of a header; empty if there is none.
func header(headers map[string][]string, name string) string {
	if len(headers[name]) == 0 {
		return ""
	}
	first, _, _ := strings.Cut(headers[name][0], ",")
	return strings.TrimSpace(first)
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
