package journal

import (
	"net/url"
	"regexp"
	"strings"

	"standin/emulator/value"
)

// redacted stands in place of a secret.
const redacted = "(redacted)"

// Secret tells that a header, its name in canonical form, holds what must not be
// shown.
func Secret(header string) bool {
	switch header {
	case "Authorization", "Proxy-Authorization", "X-Auth-Token", "X-Subject-Token", "X-Service-Token", "Cookie", "Set-Cookie":
		return true
	default:
		return false
	}
}

// secretNames are the members of bodies and forms that hold secrets.
var secretNames = map[string]bool{
	"password": true, "secret": true, "payload": true, "access_token": true, "refresh_token": true, "token": true,
	"client_secret": true, "oauth_client_secret": true,
}

var (
	secretMember = regexp.MustCompile(`("(?:password|secret|payload|access_token|refresh_token|token|client_secret|oauth_client_secret)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[0-9.eE+-]+)`)
	secretField  = regexp.MustCompile(`((?:^|&)(?:password|secret|access_token|refresh_token|token|client_secret)=)[^&]*`)
	tokenID      = regexp.MustCompile(`("token"\s*:\s*\{\s*"id"\s*:\s*)"(?:[^"\\]|\\.)*"?`)
)

// hide takes all of a body away but its size.
func (b *Body) hide() {
	if b.Size > 0 {
		*b = Body{Text: redacted, Size: b.Size}
	}
}

// isJSON tells whether the values of a Content-Type say so.
func isJSON(contentType []string) bool {
	if len(contentType) == 0 {
		return false
	}
	mediaType, _, _ := strings.Cut(contentType[0], ";")
	return strings.TrimSpace(mediaType) == "application/json"
}

// redactBody takes the secrets out of a body: of JSON by its members, of anything
// else, and of a body that is not whole, by what looks like them.
func redactBody(text string) string {
	if plain := strings.ReplaceAll(text, "\x00", ""); plain != text { // UTF-16 that is said to be UTF-8
		if safe := redactBody(plain); safe != plain {
			return safe
		}
		return text
	}
	trimmed := strings.TrimLeft(strings.TrimPrefix(text, "\ufeff"), " \t\r\n")
	if trimmed == "" {
		return text
	}
	if trimmed[0] != '{' && trimmed[0] != '[' {
		return secretField.ReplaceAllString(text, "${1}"+redacted)
	}
	v, err := value.Parse([]byte(text))
	if err != nil {
		text = tokenID.ReplaceAllString(text, `${1}"`+redacted+`"`)
		return secretMember.ReplaceAllString(text, `${1}"`+redacted+`"`)
	}
	if !redactValue(v) {
		return text
	}
	return string(value.Append(nil, v))
}

// redactValue redacts in place and tells whether there was anything to.
func redactValue(v any) bool {
	found := false
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			found = redactValue(e) || found
		}
	case *value.Object:
		for _, m := range x.Members() {
			o, isObject := m.Value.(*value.Object)
			goesOn := isObject && (m.Name == "token" || m.Name == "password") // as logins nest them
			switch {
			case secretNames[m.Name] && !goesOn && m.Value != nil:
				x.Set(m.Name, redacted)
				found = true
			case m.Name == "token" && isObject:
				if id, ok := o.Get("id"); ok && id != nil {
					o.Set("id", redacted)
					found = true
				}
				found = redactValue(o) || found
			default:
				found = redactValue(m.Value) || found
			}
		}
	}
	return found
}

// redactQuery takes the secrets out of a query string.
func redactQuery(query string) string {
	if !strings.Contains(query, "=") {
		return query
	}
	parts := strings.Split(query, "&")
	for i, p := range parts {
		name, _, ok := strings.Cut(p, "=")
		if plain, err := url.QueryUnescape(name); ok && err == nil && secretNames[plain] {
			parts[i] = name + "=" + redacted
		}
	}
	return strings.Join(parts, "&")
}
