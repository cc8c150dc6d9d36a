package barbican

import (
	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
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

// mostBits bounds bit_length: a small integer of MySQL.
const mostBits = 32767

var secretSchema = &openstack.Schema{
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "name", Schema: shortOrNot},
		{Name: "algorithm", Schema: shortText},
		{Name: "mode", Schema: shortText},
		{Name: "bit_length", Schema: openstack.Schema{Types: []string{"integer"}, Least: 1, Most: mostBits}},
		{Name: "expiration", Schema: shortText},
		{Name: "payload", Schema: aText},
		{Name: "secret_type", Schema: openstack.Schema{Types: []string{"string"}, Max: 80, Values: secretTypes}},
		{Name: "payload_content_type", Schema: shortOrNot},
		{Name: "payload_content_encoding", Schema: openstack.Schema{Types: []string{"string"}, Max: 255, Values: []string{"base64"}}},
		{Name: "transport_key_needed", Schema: openstack.Schema{Types: []string{"string"}, Values: []string{"true", "false"}}},
		{Name: "transport_key_id", Schema: aText},
	},
}

// readSecret reads and checks the body of a new secret.
func readSecret(c *service.Call) (*secretBody, error) {
	o, err := readObject(c, "Secret", secretSchema)
	if err != nil {
		return nil, err
	}
	b := &secretBody{secret: secret{
		Name: textOf(o, "name"), Algorithm: textOf(o, "algorithm"), Mode: textOf(o, "mode"), Type: opaque,
	}}
	if kind := textOf(o, "secret_type"); kind != nil {
		b.Type = *kind
	}
	if n, ok := o.Get("bit_length"); ok {
		bits := integer(n)
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
	raw, ok := decodeBase64([]byte(*payload))
	if !ok || !ascii(*payload) {
		return invalid("Secret", "Invalid payload for payload_content_encoding", "payload")
	}
	b.Payload = raw
	return nil
}

const tooLarge = "Provided information too large to process"
