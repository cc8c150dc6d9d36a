package freezer

import (
	"fmt"
	"strings"
	"unicode"

	"standin/emulator/service"
	"standin/emulator/value"
)

// parseClient reads the body of a create request in the server's order: JSON,
// then whether there is anything, then whether it is an object. A body of
// unknown length is not read: freezer-api looks at Content-Length alone.
func parseClient(c *service.Call) (*value.Object, error) {
	if !c.HasLength {
		return nil, badRequest("Missing request body")
	}
	v, err := c.JSON()
	if err != nil {
		return nil, malformed()
	}
	if falsy(v) {
		return nil, badRequest("Missing request body")
	}
	body, ok := v.(*value.Object)
	if !ok {
		return nil, notOfType(v, "object")
	}
	return body, nil
}

func notOfType(v any, want string) error {
	return badRequest(fmt.Sprintf("%s is not of type '%s'", service.Repr(v), want))
}

// falsy is what Python takes for false.
func falsy(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case bool:
		return !x
	case string:
		return x == ""
	case value.Number:
		return x.IsZero()
	case []any:
		return len(x) == 0
	case *value.Object:
		return x.Len() == 0
	}
	return false
}

// The patterns as jsonschema's messages print them: through repr, each
// backslash doubled.
const (
	fqdnRepr     = `([a-zA-Z\\d]|[a-zA-Z\\d][a-zA-Z\\d\\-]{0,61}[a-zA-Z\\d])(\\.([a-zA-Z\\d]|[a-zA-Z\\d][a-zA-Z\\d\\-]{0,61}[a-zA-Z\\d]))*`
	clientIDRepr = `^(?:([\\w\\-]+)\\_)?` + fqdnRepr + `$`
)

// validate is the server's JSON schema; the first check that fails is told, in
// the order in which jsonschema meets them. It returns the client_id.
func validate(body *value.Object) (string, error) {
	for _, check := range []struct {
		name, repr string
		matches    func(string) bool
	}{
		{"client_id", clientIDRepr, isClientID},
		{"hostname", fqdnRepr, hasHost},
		{"description", "", nil},
		{"uuid", "", nil},
	} {
		v, ok := body.Get(check.name)
		if !ok {
			continue
		}
		s, ok := v.(string)
		if !ok {
			return "", notOfType(v, "string")
		}
		if check.matches != nil && !check.matches(s) {
			return "", badRequest(fmt.Sprintf("%s does not match '%s'", service.Repr(s), check.repr))
		}
	}
	id, ok := body.Get("client_id")
	if !ok {
		return "", badRequest("'client_id' is a required property")
	}
	return id.(string), nil
}

// hasHostname tells whether the body has a hostname, as the server wants it or
// nested as in the document's sample.
func hasHostname(body *value.Object) bool {
	if _, ok := body.Get("hostname"); ok {
		return true
	}
	v, _ := body.Get("client")
	nested, ok := v.(*value.Object)
	if !ok {
		return false
	}
	_, ok = nested.Get("hostname")
	return ok
}

// isClientID is ^(?:([\w\-]+)\_)?FQDN$ as Python's re has it: \w and \d know
// Unicode, $ lets one line break follow.
func isClientID(s string) bool {
	s = strings.TrimSuffix(s, "\n")
	i := strings.LastIndexByte(s, '_') // a FQDN has none
	if i < 0 {
		return isFQDN(s)
	}
	return i > 0 && strings.IndexFunc(s[:i], notWord) < 0 && isFQDN(s[i+1:])
}

func notWord(r rune) bool {
	return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
}

const longestLabel = 63

func isFQDN(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		runes := []rune(label)
		n := len(runes)
		if n == 0 || n > longestLabel || !alnum(runes[0]) || !alnum(runes[n-1]) {
			return false
		}
		for _, r := range runes {
			if r != '-' && !alnum(r) {
				return false
			}
		}
	}
	return true
}

// alnum is [a-zA-Z\d].
func alnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || unicode.Is(unicode.Nd, r)
}

// hasHost is the unanchored search of the same pattern: one character will do.
func hasHost(s string) bool { return strings.IndexFunc(s, alnum) >= 0 }
