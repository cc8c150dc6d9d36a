package barbican

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"standin/emulator/service"
	"standin/emulator/value"
)

// readBody reads a JSON body and strips the blanks around its strings.
func readBody(c *service.Call) (any, error) {
	if !utf8.Valid(c.Body) {
		return nil, service.Errorf(service.Invalid, "", "")
	}
	v, err := c.JSON()
	if err != nil {
		return nil, service.Errorf(service.Invalid, "", "Malformed JSON")
	}
	return strip(v), nil
}

func strip(v any) any {
	switch x := v.(type) {
	case string:
		return service.Strip(x)
	case []any:
		for i := range x {
			x[i] = strip(x[i])
		}
	case *value.Object:
		for _, m := range x.Members() {
			x.Set(m.Name, strip(m.Value))
		}
	}
	return v
}

// invalid is the error of a body that does not match its schema. The property
// is empty where the object as a whole is meant.
func invalid(schema, message, property string) error {
	if property == "" {
		property = "None"
	}
	return service.Errorf(service.Invalid, "", "Provided object does not match schema '%s': %s. Invalid property: '%s'", schema, message, property)
}

// A text is a string property and what jsonschema demands of it.
type text struct {
	name     string
	min, max int
	null     bool // null is as good
}

// typeFault is jsonschema's message if the value is no string.
func (t text) typeFault(v any) string {
	if _, ok := v.(string); ok || t.null && v == nil {
		return ""
	}
	if t.null {
		return fmt.Sprintf("%s is not of type 'string', 'null'", service.Repr(v))
	}
	return fmt.Sprintf("%s is not of type 'string'", service.Repr(v))
}

// lengthFault is jsonschema's message if the string is too short or too long;
// code points are counted.
func (t text) lengthFault(v any) string {
	s, ok := v.(string)
	if !ok {
		return ""
	}
	switch n := utf8.RuneCountInString(s); {
	case n < t.min:
		return service.Repr(s) + " is too short"
	case n > t.max:
		return service.Repr(s) + " is too long"
	}
	return ""
}

// member is the text as a property of a body.
func (t text) member() member { return member{name: t.name, typed: t.typeFault, rest: t.lengthFault} }

// typeOrLength is the first fault of a value.
func (t text) typeOrLength(v any) string { return cmp.Or(t.typeFault(v), t.lengthFault(v)) }

// readObject reads a body that must be an object.
func readObject(c *service.Call, schema string) (*value.Object, error) {
	v, err := readBody(c)
	if err != nil {
		return nil, err
	}
	return asObject(schema, v)
}

func asObject(schema string, v any) (*value.Object, error) {
	o, ok := v.(*value.Object)
	if !ok {
		return nil, invalid(schema, fmt.Sprintf("%s is not of type 'object'", service.Repr(v)), "")
	}
	return o, nil
}

var (
	consumerName = text{name: "name", min: 1, max: 36}
	consumerURL  = text{name: "URL", min: 1, max: 255}

	// consumerMembers are the properties of a consumer, in the order in which the
	// server looks at them.
	consumerMembers = []member{consumerURL.member(), consumerName.member()}
)

// readConsumer reads {"name", "URL"}. In the place of URL, which the server
// wants, it takes the url of the documents' POST if lower is set. Of two faulty
// members the server tells a wrong type before a wrong length, URL before name.
func readConsumer(c *service.Call, lower bool) (name, url string, err error) {
	o, err := readObject(c, "Consumer")
	if err != nil {
		return "", "", err
	}
	n, ok := o.Get("name")
	if !ok {
		return "", "", invalid("Consumer", "'name' is a required property", "")
	}
	u, ok := o.Get("URL")
	if !ok && lower {
		u, ok = o.Get("url")
	}
	if !ok {
		return "", "", invalid("Consumer", "'URL' is a required property", "")
	}
	given := value.NewObject(value.Member{Name: "name", Value: n}, value.Member{Name: "URL", Value: u})
	if err := checkMembers("Consumer", given, consumerMembers); err != nil {
		return "", "", err
	}
	return n.(string), u.(string), nil
}

// integer is a number without a fraction, as jsonschema takes it: 1.0 is one. One that
// does not fit is the nearest that does.
func integer(v any) (int, bool) {
	n, ok := v.(value.Number)
	if !ok {
		return 0, false
	}
	whole, ok := parseWhole(n)
	switch {
	case !ok:
		return 0, false
	case whole.IsInt64():
		return int(whole.Int64()), true
	case whole.Sign() < 0:
		return math.MinInt, true
	default:
		return math.MaxInt, true
	}
}

// A containerBody is what a POST of a container says.
type containerBody struct {
	name    *string
	kind    string
	secrets []secretRef
	given   []string // their references, as they were given
	names   []string // of the secrets: the empty one if there is none, another than null
}

var (
	containerTypes = []string{"generic", "rsa", "certificate"}
	anyName        = text{name: "name", max: 255, null: true}
	secretHref     = text{name: "secret_ref", min: 1, max: unbounded}

	// containerMembers are the properties of a new container, in the order in which the
	// server looks at them.
	containerMembers = []member{
		anyName.member(), textMember("type", unbounded, false, containerTypes...),
		{name: "secret_refs", typed: listType, rest: func(any) string { return "" }},
	}
)

func listType(v any) string {
	if _, ok := v.([]any); ok {
		return ""
	}
	return service.Repr(v) + " is not of type 'array'"
}

// readContainer reads and checks the body of a new container.
func readContainer(c *service.Call) (*containerBody, error) {
	o, err := readObject(c, "Container")
	if err != nil {
		return nil, err
	}
	b := &containerBody{}
	if err := b.readMembers(o); err != nil {
		return nil, err
	}
	return b, b.check(c)
}

// readMembers reads the members in the order in which the server tells their faults:
// wrong types first, in the order of the schema, what is in secret_refs last.
func (b *containerBody) readMembers(o *value.Object) error {
	kind, ok := o.Get("type")
	if !ok {
		return invalid("Container", "'type' is a required property", "")
	}
	if err := checkMembers("Container", o, containerMembers); err != nil {
		return err
	}
	b.name, b.kind = textOf(o, "name"), kind.(string)
	refs, _ := o.Get("secret_refs")
	list, _ := refs.([]any)
	return b.readSecrets(list)
}

func (b *containerBody) readSecrets(list []any) error {
	for _, e := range list {
		o, err := asObject("Container", e)
		if err != nil {
			return invalid("Container", fmt.Sprintf("%s is not of type 'object'", service.Repr(e)), "secret_refs")
		}
		r, ok := o.Get("secret_ref")
		if !ok {
			return invalid("Container", "'secret_ref' is a required property", "secret_refs")
		}
		if fault := secretHref.typeOrLength(r); fault != "" {
			return invalid("Container", fault, "secret_refs")
		}
		n, named := o.Get("name")
		if fault := anyName.typeOrLength(n); fault != "" {
			return invalid("Container", fault, "secret_refs")
		}
		name := textOf(o, "name")
		key := ""
		switch {
		case name != nil:
			key = *name
		case named:
			key = "\x00" // null
		}
		given := r.(string)
		b.names, b.given = append(b.names, key), append(b.given, given)
		b.secrets = append(b.secrets, secretRef{Name: name, SecretRef: lastSegment(given)})
	}
	return nil
}

// check is what the server demands of secret_refs beside the schema: no name
// and no secret twice, and the names that belong to the type.
func (b *containerBody) check(c *service.Call) error {
	if len(b.secrets) == 0 {
		return nil
	}
	names, ids := map[string]bool{}, map[string]bool{}
	for i, s := range b.secrets {
		names[b.names[i]], ids[s.SecretRef] = true, true
	}
	switch {
	case len(names) != len(b.secrets):
		return invalid("Container", "Duplicate reference names are not allowed", "secret_refs")
	case len(ids) != len(b.secrets):
		return invalid("Container", "Duplicate secret ids are not allowed", "secret_refs")
	case c.Quirk(foreignReferencesAreRefused) && slices.ContainsFunc(b.given, func(r string) bool { return !strings.HasPrefix(r, base(c)) }):
		return service.Errorf(service.Invalid, "", "Provided field value is not supported")
	}
	rules, ok := typeRules[b.kind]
	if !ok {
		return nil
	}
	for n := range names {
		if !slices.Contains(rules.required, n) && !slices.Contains(rules.optional, n) {
			return invalid("Container", rules.unknown, "secret_refs")
		}
	}
	for _, n := range rules.required {
		if !names[n] {
			return invalid("Container", rules.missing, "secret_refs")
		}
	}
	return nil
}

// typeRules are the names of secrets that a container of a type has.
var typeRules = map[string]struct {
	required, optional []string
	unknown, missing   string
}{
	"rsa": {
		required: []string{"public_key", "private_key"}, optional: []string{"private_key_passphrase"},
		unknown: "only 'private_key', 'public_key' and 'private_key_passphrase' reference names are allowed for RSA type",
		missing: "The minimum required reference names are 'public_key' and'private_key' for RSA type",
	},
	"certificate": {
		required: []string{"certificate"}, optional: []string{"private_key", "private_key_passphrase", "intermediates"},
		unknown: "only 'private_key', 'certificate' , 'private_key_passphrase',  or 'intermediates' reference names are allowed for Certificate type",
		missing: "The minimum required reference name is 'certificate' for Certificate type",
	},
}
