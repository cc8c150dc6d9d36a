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

// parseObject reads the body of a request in the server's order: JSON, then
// whether there is anything, then whether it is an object. A body of unknown
// length is not read: freezer-api looks at Content-Length alone. The text says
// that nothing was sent.
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
	if !ok && c.Quirk(truthyNonObjectIs500) && !mentionsUUID(v) {
		return nil, crash()
	}
	return body, validator.Check(anObject, v)
}

// mentionsUUID is Python's "uuid" in v, the one question to which a string or a
// list can answer yes before the server fails.
func mentionsUUID(v any) bool {
	switch x := v.(type) {
	case string:
		return strings.Contains(x, "uuid")
	case []any:
		return slices.Contains(x, any("uuid"))
	}
	return false
}

// crash is the answer of a server that has met an exception it does not know.
func crash() error { return service.Errorf(service.Internal, "", "") }

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

// validator is how the server reports what its schemas find: the first fault, without its place.
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

// fqdn is the server's expression for the name of a host.
const fqdn = `([a-zA-Z\d]|[a-zA-Z\d][a-zA-Z\d\-]{0,61}[a-zA-Z\d])(\.([a-zA-Z\d]|[a-zA-Z\d][a-zA-Z\d\-]{0,61}[a-zA-Z\d]))*`

// clientSchema is that of a client.
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

// hostnameSchema is what the database demands of a client as well.
var hostnameSchema = &openstack.Schema{Required: []string{"hostname"}}

// projectSchema is that of the project of a client of v2.
var projectSchema = &openstack.Schema{Pattern: openstack.PatternFunc(`^[\w-]+$`, func(id string) bool {
	return strings.IndexFunc(strings.TrimSuffix(id, "\n"), notWord) < 0
})}

// validate holds a body to the schema of a client, and returns its client_id.
func validate(body *value.Object) (string, error) {
	return body.Text("client_id"), validator.Check(clientSchema, body)
}

// nestedHostname is the hostname where the document's sample has it; nil if it
// is not there.
func nestedHostname(body *value.Object) any {
	hostname, _ := body.Object("client").Get("hostname")
	return hostname
}

// checkProject is the server's check of the project of a client of v2; those of
// v1 have none. That it is a project of the caller's is not looked at.
func checkProject(id string) error {
	if id == "" {
		return nil
	}
	return validator.Check(projectSchema, id)
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

// alnum is [a-zA-Z\d].
func alnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || unicode.Is(unicode.Nd, r)
}

// hasHost is the unanchored search of the same pattern: one character will do.
func hasHost(s string) bool { return strings.IndexFunc(s, alnum) >= 0 }
