package barbican

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// secretOperations are the operations on secrets and their payloads.
var secretOperations = []service.Operation{
	{ID: "barbican.secrets.list", Do: listSecrets, Policy: policy("Secret(s) retrieval", has(allButAudit...), members), Reads: query(secretParametersBreak, "limit", "offset", "name", "alg", "mode", "bits", "secret_type", "acl_only", "created", "updated", "expiration", "sort")},
	{ID: "barbican.secrets.create", Do: createSecret, Policy: policy("Secret creation", has("admin", "creator"), members), Reads: onlyJSON},
	{ID: "barbican.secrets.show", Do: showSecret, Policy: &rule{what: "Secret retrieval", shipped: reading, enforced: newRead, payload: decrypting}},
	{ID: "barbican.secrets.payload", Do: showPayload, Policy: payloadRetrieval},
	{ID: "barbican.secrets.update", Do: updateSecret, Policy: policy("Secret update", inProject("admin", "creator"), newChange), Reads: onlyPayload},
	{ID: "barbican.secrets.delete", Do: deleteSecret, Policy: policy("Secret deletion", changing, newChange)},
}

// payloadRetrieval is also the rule of paths below the operation.
var payloadRetrieval = policy("Secret payload retrieval", decrypting, newRead)

// A secret is a payload with metadata. It belongs to a project. Containers refer to it.
type secret struct {
	ID         string
	ProjectID  string
	CreatorID  string
	Name       *string
	Type       string
	Status     string
	Created    stamp
	Updated    stamp
	Expiration *stamp // nil: never
	Algorithm  *string
	BitLength  *int
	Mode       *string
	// ContentType is the normalised type of the payload, for example text/plain. It is empty if
	// the secret has no payload. Payload may be empty in both cases.
	ContentType string
	Payload     []byte
	Metadata    []metadatum // in the order in which they were set
}

// A metadatum is a key and value that a user attaches to a secret.
type metadatum struct{ key, value string }

var (
	secrets = world.NewKind("barbican.secrets", func(s *secret) string { return s.ID }).
		Form(func(s *secret) any { return secretFileOf(s) })
	allSecrets       = secrets.Index(nil, nil)
	secretsOfProject = secrets.Index(func(s *secret) string { return s.ProjectID }, nil)
	// expiring lists the secrets of a project by expiry, the earliest first. Secrets without one
	// are in another partition.
	expiring = secrets.Index(func(s *secret) string {
		if s.Expiration == nil {
			return graveyard
		}
		return s.ProjectID
	}, func(a, b *secret) int {
		if a.Expiration == nil || b.Expiration == nil {
			return 0
		}
		return cmp.Compare(*a.Expiration, *b.Expiration)
	})
)

// secretTypes are the values of secret_type. The default is opaque.
var secretTypes = []string{"symmetric", "passphrase", "private", "public", "certificate", opaque}

const opaque = "opaque"

// hasPayload reports whether the secret has a payload, which may be empty.
func (s *secret) hasPayload() bool { return s.ContentType != "" }

// expired reports whether the secret has expired at that time.
func (s *secret) expired(now time.Time) bool {
	return s.Expiration != nil && !s.Expiration.time().After(now)
}

// livingSecret returns a secret that has not expired, or nil.
func livingSecret(c *service.Call, id string) *secret {
	s := secrets.Get(c.View, id)
	if s == nil || s.expired(c.Now) {
		return nil
	}
	return s
}

// secretOf returns the secret of the call's path. A check has found it.
func secretOf(c *service.Call) *secret { return secrets.Get(c.View, c.Vars["secret_ref"]) }

// expiredSecrets returns the number of expired secrets of a project.
func expiredSecrets(c *service.Call, project string) int {
	n := 0
	for s := range expiring.All(c.View, project, 0) {
		if !s.expired(c.Now) {
			break
		}
		n++
	}
	return n
}

// createSecret handles POST /v1/secrets.
func createSecret(c *service.Call) (service.Reply, error) {
	s, err := readSecret(c)
	if err != nil {
		return service.Reply{}, err
	}
	project := c.Caller.Project.ID
	have := secretsOfProject.Len(c.View, project) - expiredSecrets(c, project)
	if err := withinQuota("Secret", quotaOf(c.View, project).Secrets, have); err != nil {
		return service.Reply{}, err
	}
	if s.transportKey {
		return service.Reply{}, noTransportKey(c, s.transportNeeded)
	}
	rec := s.secret
	rec.ID = secrets.NewID(c.Tx(), "barbican.secrets", world.UUID)
	rec.ProjectID, rec.CreatorID, rec.Status = project, c.Caller.ID, active
	rec.Created = newStamp(c.Now)
	rec.Updated = rec.Created
	secrets.Put(c.Tx(), &rec)
	return created(c, "secret_ref", "secrets/"+rec.ID), nil
}

// noTransportKey returns the error for a call that names or requests a transport key. There are
// none. If one is requested, the server fails: quirk barbican.transport-key-is-500.
func noTransportKey(c *service.Call, wanted bool) error {
	what := attempt(c)
	if wanted && c.Quirk(transportKeyBreaks) {
		return failure(what)
	}
	return issue(service.Invalid, what, "Provided transport key was not found.")
}

// issue returns an error with the name of the operation, as the server words it.
func issue(kind service.Kind, what, reason string) error {
	return service.Errorf(kind, "", "%s issue seen - %s.", what, reason)
}

// showSecret handles GET /v1/secrets/{secret_ref}. The response is the secret's metadata, or its
// payload if the client accepts another type than JSON
// (barbican/secrets.yaml: "read what is accepted").
func showSecret(c *service.Call) (service.Reply, error) {
	if !wantsJSON(c) {
		return payloadReply(c)
	}
	if needed, _ := c.Last("transport_key_needed"); strings.EqualFold(needed, "true") {
		return service.Reply{}, noTransportKey(c, true)
	}
	w := value.NewWriter(c.Scratch)
	writeSecret(&w, c, secretOf(c), consumersShown(c), true)
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// wantsJSON reports whether the caller requests the secret's metadata: without an Accept header,
// or with exactly one of these values.
func wantsJSON(c *service.Call) bool {
	if len(c.Header["Accept"]) == 0 {
		return true
	}
	accept := c.Accept()
	return accept == "application/json" || accept == "*/*"
}

// consumersShown reports whether the requested version of the API has the member consumers
// (barbican/microversions.yaml: "list with a consumer at 1.1").
func consumersShown(c *service.Call) bool {
	v, _ := microversion(c)
	return v == newest
}

// deleteSecret handles DELETE /v1/secrets/{secret_ref}. The secret is removed from containers
// (barbican/containers.yaml: "read without the secret"). Consumers do not prevent the deletion
// (barbican/secret-consumers.yaml: "delete in spite of consumers").
func deleteSecret(c *service.Call) (service.Reply, error) {
	s := secretOf(c)
	removeSecretConsumers(c.Tx(), s.ID)
	removeSecretRefs(c.Tx(), s)
	acls.Delete(c.Tx(), "secrets/"+s.ID)
	secrets.Delete(c.Tx(), s.ID)
	return service.Reply{Status: http.StatusNoContent}, nil
}

// removeSecretRefs removes the secret from the containers of its project. Containers of other
// projects cannot refer to it.
func removeSecretRefs(tx *world.Tx, s *secret) {
	for ct := range ofProject.All(tx, s.ProjectID, 0) {
		var left []secretRef
		for _, r := range ct.Secrets {
			if r.SecretRef != s.ID {
				left = append(left, r)
			}
		}
		if len(left) != len(ct.Secrets) {
			containers.Update(tx, ct, func(ct *container) { ct.Secrets = left })
		}
	}
}

// writeSecret writes a secret as the server does. The flags add its consumers and the types of
// its payload.
func writeSecret(w *value.Writer, c *service.Call, s *secret, withConsumers, withTypes bool) {
	w.BeginObject()
	s.Created.write(w.Name("created"))
	s.Updated.write(w.Name("updated"))
	w.Name("status").Text(s.Status)
	w.Name("name").TextOrNull(s.Name)
	w.Name("secret_type").Text(s.Type)
	if w.Name("expiration"); s.Expiration != nil {
		s.Expiration.write(w)
	} else {
		w.Null()
	}
	w.Name("algorithm").TextOrNull(s.Algorithm)
	if w.Name("bit_length"); s.BitLength != nil {
		w.Int(int64(*s.BitLength))
	} else {
		w.Null()
	}
	w.Name("mode").TextOrNull(s.Mode)
	w.Name("creator_id").Text(s.CreatorID)
	if withConsumers {
		writeSecretConsumers(w.Name("consumers"), c.View, s.ID)
	}
	if withTypes && s.hasPayload() {
		w.Name("content_types").TextObject("default", s.ContentType)
	}
	w.Name("secret_ref").Text(ref(c, "secrets/"+s.ID))
	w.EndObject()
}
