package barbican

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
)

// A secretBody is what a POST of a secret says. The id, the owner and the times
// of the secret are not in it.
type secretBody struct {
	secret
	transportKey    bool // one is asked for or named, which the store does not have
	transportNeeded bool // it is asked for
}

// largestPayload is how many bytes of payload the server takes.
const largestPayload = 20000

// A member is a property of a body and what its schema demands. Its fault is the
// message of the first demand that is not met.
type member struct {
	name  string
	typed func(v any) string // the fault in its type
	rest  func(v any) string // the fault in a value of the right type
}

func textMember(name string, most int, null bool, of ...string) member {
	t := text{name: name, max: most, null: null}
	return member{name: name, typed: t.typeFault, rest: func(v any) string {
		if fault := t.lengthFault(v); fault != "" {
			return fault
		}
		if len(of) == 0 {
			return ""
		}
		if s, ok := v.(string); !ok || slices.Contains(of, s) {
			return ""
		}
		quoted := make([]string, len(of))
		for i, s := range of {
			quoted[i] = service.Repr(s)
		}
		return fmt.Sprintf("%s is not one of [%s]", service.Repr(v), strings.Join(quoted, ", "))
	}}
}

// unbounded is the length of a text that the schema does not bound.
const unbounded = 1 << 30

// secretMembers are the properties of a new secret, in the order in which the
// server looks at them.
var secretMembers = []member{
	textMember("name", 255, true),
	textMember("algorithm", 255, false),
	textMember("mode", 255, false),
	{name: "bit_length", typed: bitsType, rest: bitsRange},
	textMember("expiration", 255, false),
	textMember("payload", unbounded, false),
	textMember("secret_type", 80, false, secretTypes...),
	textMember("payload_content_type", 255, true),
	textMember("payload_content_encoding", 255, false, "base64"),
	textMember("transport_key_needed", unbounded, false, "true", "false"),
	textMember("transport_key_id", unbounded, false),
}

// checkMembers tells the fault that jsonschema calls the best match: a wrong type
// before anything else, then the first.
func checkMembers(schema string, o *value.Object, members []member) error {
	for _, fault := range []func(member) func(any) string{
		func(m member) func(any) string { return m.typed },
		func(m member) func(any) string { return m.rest },
	} {
		for _, m := range members {
			v, ok := o.Get(m.name)
			if !ok {
				continue
			}
			if message := fault(m)(v); message != "" {
				return invalid(schema, message, m.name)
			}
		}
	}
	return nil
}

// mostBits bounds bit_length: a small integer of MySQL.
const mostBits = 32767

func bitsType(v any) string {
	if _, ok := wholeNumber(v); ok {
		return ""
	}
	return service.Repr(v) + " is not of type 'integer'"
}

func bitsRange(v any) string {
	switch n, ok := wholeNumber(v); {
	case !ok:
		return ""
	case n.Sign() <= 0:
		return service.Repr(v) + " is less than the minimum of 1"
	case n.Cmp(big.NewInt(mostBits)) > 0:
		return fmt.Sprintf("%s is greater than the maximum of %d", service.Repr(v), mostBits)
	}
	return ""
}

// wholeNumber reads a number without a fraction, also one that is written with one.
func wholeNumber(v any) (*big.Int, bool) {
	n, ok := v.(value.Number)
	if !ok || len(n) > 100 {
		return nil, false
	}
	return parseWhole(n)
}

// mostExponent bounds the numbers that are told apart: what is larger is only large.
const mostExponent = 1024

// parseWhole is the value of a number that has no fraction.
func parseWhole(n value.Number) (*big.Int, bool) {
	f, _, err := big.ParseFloat(string(n), 10, 400, big.ToNearestEven)
	if err != nil || !f.IsInt() {
		return nil, false
	}
	if f.MantExp(nil) > mostExponent { // 1e600000000 would be hundreds of megabytes
		large := new(big.Int).Lsh(big.NewInt(1), mostExponent)
		if f.Sign() < 0 {
			large.Neg(large)
		}
		return large, true
	}
	i, _ := f.Int(nil)
	return i, true
}

// readSecret reads and checks the body of a new secret.
func readSecret(c *service.Call) (*secretBody, error) {
	o, err := readObject(c, "Secret")
	if err != nil {
		return nil, err
	}
	if err := checkMembers("Secret", o, secretMembers); err != nil {
		return nil, err
	}
	b := &secretBody{secret: secret{
		Name: textOf(o, "name"), Algorithm: textOf(o, "algorithm"), Mode: textOf(o, "mode"), Type: opaque,
	}}
	if kind := textOf(o, "secret_type"); kind != nil {
		b.Type = *kind
	}
	if n, ok := o.Get("bit_length"); ok {
		whole, _ := wholeNumber(n)
		bits := int(whole.Int64())
		b.BitLength = &bits
	}
	if err := b.readExpiration(c, textOf(o, "expiration")); err != nil {
		return nil, err
	}
	if err := b.readPayload(o); err != nil {
		return nil, err
	}
	_, named := o.Get("transport_key_id")
	needed := textOf(o, "transport_key_needed")
	b.transportNeeded = !b.hasPayload() && needed != nil && *needed == "true"
	b.transportKey = b.transportNeeded || b.hasPayload() && named
	return b, nil
}

// textOf is a member that is a string; nil if it is not there, or null.
func textOf(o *value.Object, name string) *string {
	v, _ := o.Get(name)
	if s, ok := v.(string); ok {
		return &s
	}
	return nil
}

func (b *secretBody) readExpiration(c *service.Call, text *string) error {
	if text == nil || *text == "" {
		return nil
	}
	t, ok := parseTime(*text)
	if !ok {
		return invalid("Secret", "Invalid date for 'expiration'", "expiration")
	}
	expires := newStamp(t.utc())
	if !expires.t.After(c.Now) {
		return invalid("Secret", "'expiration' is before current time", "expiration")
	}
	b.Expiration = &expires
	return nil
}

// readPayload checks the payload against its type and encoding, in the order of
// the server.
func (b *secretBody) readPayload(o *value.Object) error {
	payload := textOf(o, "payload")
	kind := textOf(o, "payload_content_type")
	if payload == nil {
		if _, ok := o.Get("payload_content_type"); ok {
			return invalid("Secret", "payload must be provided when payload_content_type is specified", "payload")
		}
		return nil
	}
	encoding := textOf(o, "payload_content_encoding")
	var plain bool
	switch {
	case kind == nil:
		return invalid("Secret", "If 'payload' is supplied, 'payload_content_type' must also be supplied.", "payload_content_type")
	case !supportedType(*kind):
		return invalid("Secret", "payload_content_type is not one of "+supportedRepr, "payload_content_type")
	default:
		b.ContentType = normalType(*kind)
		plain = b.ContentType == plainText
	}
	switch {
	case plain && encoding != nil:
		return invalid("Secret", "payload_content_encoding is not one of None", "payload_content_encoding")
	case !plain && encoding == nil:
		return invalid("Secret", "payload_content_encoding is not one of ['base64', 'binary']", "payload_content_encoding")
	case len(*payload) > largestPayload:
		return service.Errorf(service.TooLarge, "", tooLarge)
	case *payload == "":
		return invalid("Secret", "If 'payload' specified, must be non empty", "payload")
	case plain:
		b.Payload = []byte(*payload)
		return nil
	}
	raw, ok := decodeBase64(*payload)
	if !ok {
		return invalid("Secret", "Invalid payload for payload_content_encoding", "payload")
	}
	b.Payload = raw
	return nil
}

const tooLarge = "Provided information too large to process"
