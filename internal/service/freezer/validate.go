package freezer

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// parseObject parses the body of a request with the checks of the server in its order. The body
// must be JSON, not empty, and an object (freezer/clients-validation.yaml: "nothing in it"). The
// server reads Content-Length only, so a chunked body is missing
// (freezer/clients-validation.yaml: "chunked"). missing is the error for an empty body.
func parseObject(c *service.Call, missing string) (*value.Object, error) {
	if !c.HasLength {
		return nil, badRequest(missing)
	}
	v, err := c.JSON()
	if err != nil {
		return nil, malformed()
	}
	if falsy(v) {
		return nil, badRequest(missing)
	}
	body, ok := v.(*value.Object)
	// freezer/clients-quirks.yaml: "no object"
	if !ok && c.Quirk(truthyNonObjectIs500) && !mentionsUUID(v) {
		return nil, crash()
	}
	return body, validator.Check(anObject, v)
}

// mentionsUUID evaluates Python's `"uuid" in v`. For a string or list that contains it, the
// server returns a 400 instead of a 500.
func mentionsUUID(v any) bool {
	switch x := v.(type) {
	case string:
		return strings.Contains(x, "uuid")
	case []any:
		return slices.Contains(x, any("uuid"))
	}
	return false
}

// crash returns the 500 of a server whose code raised an unexpected exception.
func crash() error { return service.Errorf(service.Internal, "", "") }

// falsy reports whether Python takes the value for false.
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

// validator reports the first fault of a schema, without its place, as the server does
// (freezer/two-faults.yaml: "create").
var validator = openstack.Validator{Frame: func(_ *openstack.Schema, f *openstack.Fault) error {
	e := badRequest(f.Message)
	if name := cmp.Or(f.Missing, strings.Join(f.Path, "/")); name != "" {
		e = e.RefusedBy("schema: " + name)
	}
	return e
}}

var (
	anObject = &openstack.Schema{Types: []string{"object"}}
	anArray  = &openstack.Schema{Types: []string{"array"}}
	aString  = openstack.Schema{Types: []string{"string"}}
)

// fqdn is the server's regular expression for a host name.
const fqdn = `([a-zA-Z\d]|[a-zA-Z\d][a-zA-Z\d\-]{0,61}[a-zA-Z\d])(\.([a-zA-Z\d]|[a-zA-Z\d][a-zA-Z\d\-]{0,61}[a-zA-Z\d]))*`

// clientSchema is the schema of a client.
var clientSchema = &openstack.Schema{
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "client_id", Schema: openstack.Schema{Types: []string{"string"}, Pattern: openstack.PatternFunc(`^(?:([\w\-]+)\_)?`+fqdn+`$`, isClientID)}},
		{Name: "hostname", Schema: openstack.Schema{Types: []string{"string"}, Pattern: openstack.PatternFunc(fqdn, hasHost)}},
		{Name: "description", Schema: aString},
		{Name: "uuid", Schema: aString},
	},
	Required: []string{"client_id"},
}

// hostnameSchema is what the database requires of a client in addition.
var hostnameSchema = &openstack.Schema{Required: []string{"hostname"}}

// projectSchema is the schema of the project id of a v2 client.
var projectSchema = &openstack.Schema{Pattern: openstack.PatternFunc(`^[\w-]+$`, func(id string) bool {
	return strings.IndexFunc(strings.TrimSuffix(id, "\n"), notWord) < 0
})}

// validate checks a body against the schema of a client. It returns the client_id.
func validate(body *value.Object) (string, error) {
	return body.Text("client_id"), validator.Check(clientSchema, body)
}

// nestedHostname returns the hostname of a body in the form of the document's sample, or nil.
func nestedHostname(body *value.Object) any {
	hostname, _ := body.Object("client").Get("hostname")
	return hostname
}

// checkProject checks the project id of a v2 client; it is empty in v1. The server does not check
// that the caller is in the project (freezer/v2.yaml: "register in a project that is none").
func checkProject(id string) error {
	if id == "" {
		return nil
	}
	return validator.Check(projectSchema, id)
}

// isClientID implements ^(?:([\w\-]+)\_)?FQDN$ as Python's re does. \w and \d match Unicode, and
// $ also matches before a final line break (freezer/clients-validation.yaml: "taken").
func isClientID(s string) bool {
	s = strings.TrimSuffix(s, "\n")
	i := strings.LastIndexByte(s, '_') // a FQDN has no underscore
	if i < 0 {
		return isFQDN(s)
	}
	return i > 0 && strings.IndexFunc(s[:i], notWord) < 0 && isFQDN(s[i+1:])
}

func notWord(r rune) bool {
	return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
}

const maxLabel = 63

func isFQDN(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		runes := []rune(label)
		n := len(runes)
		if n == 0 || n > maxLabel || !alnum(runes[0]) || !alnum(runes[n-1]) {
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

// alnum implements [a-zA-Z\d].
func alnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || unicode.Is(unicode.Nd, r)
}

// hasHost searches for the same pattern without anchors, so one character is enough
// (freezer/clients-validation.yaml: "taken").
func hasHost(s string) bool { return strings.IndexFunc(s, alnum) >= 0 }
