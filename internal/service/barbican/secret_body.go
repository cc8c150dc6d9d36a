package barbican

import (
	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// A secretBody is the body of a POST of a secret. Its secret has no id, owner and times.
type secretBody struct {
	secret
	transportKey    bool // a transport key is requested or named; the store has none
	transportNeeded bool // a transport key is requested
}

// maxPayload is the max size in bytes of a payload.
const maxPayload = 20000

// maxBits is the max bit_length: a SMALLINT of MySQL.
const maxBits = 32767

var secretSchema = &openstack.Schema{
	Title: "Secret",
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "name", Schema: shortOrNot},
		{Name: "algorithm", Schema: shortText},
		{Name: "mode", Schema: shortText},
		{Name: "bit_length", Schema: openstack.Schema{Types: []string{"integer"}, Minimum: 1, Maximum: maxBits}},
		{Name: "expiration", Schema: shortText},
		{Name: "payload", Schema: aText},
		{Name: "secret_type", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 80, Enum: secretTypes}},
		{Name: "payload_content_type", Schema: shortOrNot},
		{Name: "payload_content_encoding", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 255, Enum: []string{"base64"}}},
		{Name: "transport_key_needed", Schema: openstack.Schema{Types: []string{"string"}, Enum: []string{"true", "false"}}},
		{Name: "transport_key_id", Schema: aText},
	},
}

// readSecret reads and checks the body of a new secret.
func readSecret(c *service.Call) (*secretBody, error) {
	o, err := readObject(c, secretSchema)
	if err != nil {
		return nil, err
	}
	b := &secretBody{secret: secret{
		Name: o.TextOrNil("name"), Algorithm: o.TextOrNil("algorithm"), Mode: o.TextOrNil("mode"), Type: opaque,
	}}
	if o.Has("secret_type") {
		b.Type = o.Text("secret_type")
	}
	if n, ok := o.Get("bit_length"); ok {
		bits := integer(n)
		b.BitLength = &bits
	}
	if err := b.readExpiration(c, o.Text("expiration")); err != nil {
		return nil, err
	}
	if err := b.readPayload(o); err != nil {
		return nil, err
	}
	b.transportNeeded = !b.hasPayload() && o.Text("transport_key_needed") == "true"
	b.transportKey = b.transportNeeded || b.hasPayload() && o.Has("transport_key_id")
	return b, nil
}

func (b *secretBody) readExpiration(c *service.Call, text string) error {
	if text == "" {
		return nil
	}
	t, ok := parseTime(text)
	if !ok {
		return invalid("Secret", "Invalid date for 'expiration'", "expiration")
	}
	expires := newStamp(t.utc())
	if !expires.time().After(c.Now) {
		return invalid("Secret", "'expiration' is before current time", "expiration")
	}
	b.Expiration = &expires
	return nil
}

// readPayload checks the payload against its type and encoding, in the order of the server
// (barbican/two-faults.yaml: "secret with").
func (b *secretBody) readPayload(o *value.Object) error {
	payload := o.TextOrNil("payload")
	kind := o.TextOrNil("payload_content_type")
	if payload == nil {
		if o.Has("payload_content_type") {
			return invalid("Secret", "payload must be provided when payload_content_type is specified", "payload")
		}
		return nil
	}
	encoding := o.TextOrNil("payload_content_encoding")
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
	case len(*payload) > maxPayload:
		return service.Errorf(service.TooLarge, "", tooLarge)
	// barbican/secrets-validation.yaml: "a bad member"
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
