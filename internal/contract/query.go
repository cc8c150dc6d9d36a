package contract

import (
	"net/url"
	"strings"
)

// ParseQuery returns the parameters of a query string, split at "&". An invalid escape stays as it
// is.
func ParseQuery(raw string) url.Values {
	all := url.Values{}
	for piece := range strings.SplitSeq(raw, "&") {
		if name, v, _ := strings.Cut(piece, "="); name != "" {
			name = Unescape(name)
			all[name] = append(all[name], Unescape(v))
		}
	}
	return all
}

// Unescape decodes a name or value of a query. An invalid escape stays as it is.
func Unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	var b strings.Builder
	for s != "" {
		n := 1
		if len(s) >= 3 && s[0] == '%' {
			n = 3
		}
		u, err := url.QueryUnescape(s[:n])
		if err != nil {
			n, u = 1, s[:1]
		}
		b.WriteString(u)
		s = s[n:]
	}
	return b.String()
}
