package barbican

import (
	"cmp"
	"encoding/base64"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"standin/internal/file"
	"standin/internal/value"
	"standin/internal/world"
)

// secretFile is a secret in the form of the API's responses, with its owner and the payload
// members of a POST.
type secretFile struct {
	ID         string  `json:"secret_ref" fixture:"required"`
	ProjectID  string  `json:"project_id" fixture:"required"`
	Name       *string `json:"name,omitempty"`
	Status     string  `json:"status,omitempty"`
	Created    stamp   `json:"created,omitzero"`
	Updated    stamp   `json:"updated,omitzero"`
	CreatorID  string  `json:"creator_id,omitempty"`
	Type       string  `json:"secret_type,omitempty"` // default: opaque
	Expiration *stamp  `json:"expiration,omitempty"`
	Algorithm  *string `json:"algorithm,omitempty"`
	BitLength  *int    `json:"bit_length,omitempty"`
	Mode       *string `json:"mode,omitempty"`
	// Payload is text, or Base64 if Encoding says so. Without a type it is plain text, or
	// application/octet-stream if it is Base64. A type or content_types without a payload mean an
	// empty payload.
	Payload      *string              `json:"payload,omitempty"`
	PayloadType  string               `json:"payload_content_type,omitempty"`
	Encoding     string               `json:"payload_content_encoding,omitempty"`
	ContentTypes map[string]string    `json:"content_types,omitempty"`
	Metadata     *value.Object        `json:"metadata,omitempty"`
	Consumers    []secretConsumerFile `json:"consumers,omitempty"`
}

// secretConsumerFile is a consumer in the form of a list or of its secret.
type secretConsumerFile struct {
	Service      string `json:"service" fixture:"required"`
	ResourceType string `json:"resource_type" fixture:"required"`
	ResourceID   string `json:"resource_id" fixture:"required"`
	Status       string `json:"status,omitempty"`
	ProjectID    string `json:"project_id,omitempty"` // default: the secret's
	Created      stamp  `json:"created,omitzero"`     // default: the secret's
	Updated      stamp  `json:"updated,omitzero"`
	Deleted      bool   `json:"deleted,omitempty"`
}

func storeSecret(tx *world.Tx, r *secretFile, at file.Node) (string, error) {
	s := &secret{
		ID: lastSegment(r.ID), ProjectID: r.ProjectID, CreatorID: r.CreatorID, Name: r.Name, Type: cmp.Or(r.Type, opaque),
		Status: cmp.Or(r.Status, active), Created: r.Created, Updated: r.Updated,
		Expiration: r.Expiration, Algorithm: r.Algorithm, BitLength: r.BitLength, Mode: r.Mode,
	}
	switch {
	case !uuid4().MatchString(s.ID):
		return "", at.At("secret_ref").Errorf("%q does not end in a version 4 UUID, in lower case, with dashes", r.ID)
	case !slices.Contains(secretTypes, s.Type):
		return "", at.At("secret_type").Errorf("unknown type %q%s", s.Type, file.Hint(s.Type, secretTypes))
	}
	defaultTimes(&s.Created, &s.Updated)
	if err := r.storePayload(s, at); err != nil {
		return "", err
	}
	if r.Metadata != nil {
		for _, m := range r.Metadata.Members() {
			text, ok := m.Value.(string)
			if !ok || !safeKey().MatchString(m.Name) || m.Name != strings.ToLower(m.Name) {
				return "", at.At("metadata").Errorf("the API would refuse %q: keys are of a-z, 0-9, _ and -, values are texts", m.Name)
			}
			s.Metadata = append(s.Metadata, metadatum{m.Name, text})
		}
	}
	removeSecretConsumers(tx, s.ID)
	secrets.Put(tx, s)
	return s.ID, r.storeConsumers(tx, s, at)
}

func (r *secretFile) storePayload(s *secret, at file.Node) error {
	kind := cmp.Or(r.PayloadType, r.ContentTypes["default"])
	switch {
	case r.Payload == nil && kind == "":
		return nil
	case kind == "" && r.Encoding == "":
		kind = plainText
	case kind == "":
		kind = octets
	}
	if s.ContentType = normalType(kind); !supportedType(kind) {
		return at.At("payload_content_type").Errorf("unknown type %q: expected %s, %s or %s", kind, plainText, octets, pkcs8)
	}
	if r.Payload == nil {
		return nil
	}
	switch r.Encoding {
	case "":
		s.Payload = []byte(*r.Payload)
	case "base64":
		raw, err := base64.StdEncoding.DecodeString(*r.Payload)
		if err != nil {
			return at.At("payload").Errorf("this is no Base64")
		}
		s.Payload = raw
	default:
		return at.At("payload_content_encoding").Errorf("expected base64, got %q", r.Encoding)
	}
	if len(s.Payload) > maxPayload {
		return at.At("payload").Errorf("the API takes %d bytes, not %d", maxPayload, len(s.Payload))
	}
	return nil
}

func (r *secretFile) storeConsumers(tx *world.Tx, s *secret, at file.Node) error {
	for i, k := range r.Consumers {
		rec := &secretConsumer{
			Secret: s.ID, Service: k.Service, ResourceType: k.ResourceType, ResourceID: k.ResourceID,
			ProjectID: cmp.Or(k.ProjectID, s.ProjectID), Created: k.Created, Updated: k.Updated, Deleted: k.Deleted,
		}
		of := secretConsumerSchema
		fault := cmp.Or(of.TextFault("service", k.Service), of.TextFault("resource_type", k.ResourceType), of.TextFault("resource_id", k.ResourceID))
		switch {
		case fault != "":
			return at.At("consumers", i).Errorf("the API would refuse this consumer: %s", fault)
		case k.Status != "" && k.Status != active:
			return at.At("consumers", i, "status").Errorf("expected %s, got %q", active, k.Status)
		case secretConsumers.Get(tx, secretConsumerKey(s.ID, k.Service, k.ResourceType, k.ResourceID)) != nil:
			return at.At("consumers", i).Errorf("this consumer is in the list twice")
		}
		if rec.Created.IsZero() {
			rec.Created = s.Updated
		}
		if rec.Updated.IsZero() {
			rec.Updated = rec.Created
		}
		secretConsumers.Put(tx, rec)
	}
	return nil
}

func dumpSecrets(v world.View) iter.Seq[secretFile] {
	return func(yield func(secretFile) bool) {
		for s := range allSecrets.All(v, "", 0) {
			r := secretFileOf(s)
			for k := range ofSecret.All(v, s.ID, 0) {
				r.Consumers = append(r.Consumers, secretConsumerFileOf(k))
			}
			if !yield(r) {
				return
			}
		}
	}
}

// secretFileOf returns the form of a secret in a fixture, without its consumers.
func secretFileOf(s *secret) secretFile {
	r := secretFile{
		ID: s.ID, ProjectID: s.ProjectID, CreatorID: s.CreatorID, Name: s.Name, Type: s.Type, Status: s.Status,
		Created: s.Created, Updated: s.Updated, Expiration: s.Expiration, Algorithm: s.Algorithm, BitLength: s.BitLength, Mode: s.Mode,
		PayloadType: s.ContentType,
	}
	if s.hasPayload() {
		text := string(s.Payload)
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
			r.Encoding, text = "base64", base64.StdEncoding.EncodeToString(s.Payload)
		}
		r.Payload = &text
	}
	if len(s.Metadata) > 0 {
		r.Metadata = value.NewObject()
		for _, m := range s.Metadata {
			r.Metadata.Set(m.key, m.value)
		}
	}
	return r
}

// secretConsumerFileOf returns the form of a consumer of a secret in a fixture.
func secretConsumerFileOf(k *secretConsumer) secretConsumerFile {
	return secretConsumerFile{
		Service: k.Service, ResourceType: k.ResourceType, ResourceID: k.ResourceID, Status: active,
		ProjectID: k.ProjectID, Created: k.Created, Updated: k.Updated, Deleted: k.Deleted,
	}
}

// unprintable reports whether a character is hard to read in a file.
func unprintable(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }

func fakeSecret(v world.View, f *world.Faker) secretFile {
	project, user := owner(v)
	name, at := f.Name(), newStamp(f.Time())
	return secretFile{
		ID: f.UUID(), ProjectID: project, Name: &name, Status: active, Created: at, Updated: at, CreatorID: user,
		Type: f.OneOf("opaque", "passphrase", "symmetric", "private", "certificate"),
	}
}
