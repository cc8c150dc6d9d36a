package barbican

import (
	"net/http"
	"strings"
	"time"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// secretOperations are about secrets and their payloads.
var secretOperations = []service.Operation{
	{ID: "barbican.secrets.list", Do: listSecrets, Policy: policy("Secret(s) retrieval", has(allButAudit...), members), Reads: query(secretParametersBreak, "limit", "offset", "name", "alg", "mode", "bits", "secret_type", "acl_only", "created", "updated", "expiration", "sort")},
	{ID: "barbican.secrets.create", Do: createSecret, Policy: policy("Secret creation", has("admin", "creator"), members), Reads: onlyJSON},
	{ID: "barbican.secrets.show", Do: showSecret, Policy: &rule{what: "Secret retrieval", shipped: reading, enforced: newRead, payload: decrypting}},
	{ID: "barbican.secrets.payload", Do: showPayload, Policy: payloadRetrieval},
	{ID: "barbican.secrets.update", Do: updateSecret, Policy: policy("Secret update", inProject("admin", "creator"), newChange), Reads: onlyPayload},
	{ID: "barbican.secrets.delete", Do: deleteSecret, Policy: policy("Secret deletion", changing, newChange)},
}

// payloadRetrieval is asked on paths below the operation too.
var payloadRetrieval = policy("Secret payload retrieval", decrypting, newRead)

// A secret is a payload and its metadata. It belongs to a project, and
// containers refer to it.
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
	// ContentType is the normal form of the payload's type, such as text/plain;
	// empty while the secret has no payload. Payload may be empty even so.
	ContentType string
	Payload     []byte
	Metadata    []metadatum // in the order in which they were set
}

// A metadatum is a pair that users attach to a secret.
type metadatum struct{ key, value string }

var (
	secrets          = world.NewKind("barbican.secrets", func(s *secret) string { return s.ID })
	allSecrets       = secrets.Index(nil, nil)
	secretsOfProject = secrets.Index(func(s *secret) string { return s.ProjectID }, nil)
	// expiring lists the secrets of a project that expire, the first first; those
	// that never do are apart.
	expiring = secrets.Index(func(s *secret) string {
		if s.Expiration == nil {
			return graveyard
		}
		return s.ProjectID
	}, func(a, b *secret) int {
		if a.Expiration == nil || b.Expiration == nil {
			return 0
		}
		return a.Expiration.t.Compare(b.Expiration.t)
	})
)

// secretTypes are the values of secret_type; opaque is the default.
var secretTypes = []string{"symmetric", "passphrase", "private", "public", "certificate", opaque}

const opaque = "opaque"

// hasPayload reports whether the secret was given its bytes.
func (s *secret) hasPayload() bool { return s.ContentType != "" }

// expired reports whether the secret has expired by that time.
func (s *secret) expired(now time.Time) bool {
	return s.Expiration != nil && !s.Expiration.t.After(now)
}

// livingSecret finds a secret that has not expired; nil if there is none.
func livingSecret(c *service.Call, id string) *secret {
	s := secrets.Get(c.View, id)
	if s == nil || s.expired(c.Now) {
		return nil
	}
	return s
}

// secretOf is the secret of the call's path, whose existence was checked.
func secretOf(c *service.Call) *secret { return secrets.Get(c.View, c.Vars["secret_ref"]) }

// expiredSecrets counts the secrets of a project that are gone.
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

// createSecret answers POST /v1/secrets.
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

// noTransportKey is the error of a call that names a transport key, or asks for one:
// the store has none. The server looks for a store that has one, and breaks.
func noTransportKey(c *service.Call, wanted bool) error {
	what := attempt(c)
	if wanted && c.Quirk(transportKeyBreaks) {
		return failure(what)
	}
	return issue(service.Invalid, what, "Provided transport key was not found.")
}

// issue is an error that the server puts into words of the operation.
func issue(kind service.Kind, what, reason string) error {
	return service.Errorf(kind, "", "%s issue seen - %s.", what, reason)
}

// showSecret answers GET /v1/secrets/{secret_ref}: the secret's metadata,
// or to those who ask for another type than JSON the payload.
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

// wantsJSON reports whether the caller asks for the secret's metadata: no
// Accept header, or exactly one of these.
func wantsJSON(c *service.Call) bool {
	if len(c.Header["Accept"]) == 0 {
		return true
	}
	accept := c.Accept()
	return accept == "application/json" || accept == "*/*"
}

// consumersShown reports whether the version of the API that is asked for has the
// member consumers.
func consumersShown(c *service.Call) bool {
	v, _ := microversion(c)
	return v == newest
}

// deleteSecret answers DELETE /v1/secrets/{secret_ref}. The secret leaves the
// containers that refer to it; consumers do not protect it.
func deleteSecret(c *service.Call) (service.Reply, error) {
	s := secretOf(c)
	removeSecretConsumers(c.Tx(), s.ID)
	removeSecretRefs(c.Tx(), s)
	acls.Delete(c.Tx(), "secrets/"+s.ID)
	secrets.Delete(c.Tx(), s.ID)
	return service.Reply{Status: http.StatusNoContent}, nil
}

// removeSecretRefs takes the secret out of the containers of its project: others
// cannot refer to it.
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

// writeSecret writes a secret as the server does, with its consumers and the types of its
// payload if they are asked for.
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
