package barbican

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
)

// secretPath is the path behind /v1/secrets, without its slash; false for other paths.
func secretPath(c *service.Call) (below string, ok bool) {
	rest, ok := strings.CutPrefix(c.Path, "/v1/secrets")
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

// secretExists tells about the secret of the path, and about what is below it,
// before everything that concerns the request itself.
func secretExists(c *service.Call) error {
	path, ok := secretPath(c)
	if !ok || path == "" {
		return nil
	}
	id, rest, _ := strings.Cut(path, "/")
	part, further, deep := strings.Cut(rest, "/")
	switch {
	case !uuid4.MatchString(id):
		return service.Errorf(service.NotFound, "", "Not Found. Provided secret id is invalid.")
	case livingSecret(c, id) == nil:
		return service.Errorf(service.NotFound, "", "Secret not found.")
	case part == "consumers" && deep && !uuid4.MatchString(strings.SplitN(further, "/", 2)[0]):
		return service.Errorf(service.NotFound, "", "Not Found. Provided consumer id is invalid.")
	case len(c.Methods) > 0:
		if c.Operation == nil && part == "metadata" && deep {
			return secretRouted(c) // a method that a single pair does not have
		}
		return nil
	case c.Quirk(secretSubResourceBreaks) && subResources[part] != "":
		if part == "payload" {
			if err := secretAllowedTo(c, "barbican.secrets.payload"); err != nil {
				return err
			}
		}
		return failure(secretRules[subResources[part]+pairVerb(c, part)].what)
	default:
		return service.Errorf(service.NotFound, "", "")
	}
}

// subResources are the parts of a secret below which the server breaks, and the
// operation that it is in; that of metadata follows from the method.
var subResources = map[string]string{
	"payload": "barbican.secrets.payload", "metadata": "barbican.secret_metadata.", "consumers": "barbican.secret_consumers.show",
}

func pairVerb(c *service.Call, part string) string {
	switch {
	case part != "metadata":
		return ""
	case c.Method == http.MethodPut:
		return "update"
	case c.Method == http.MethodDelete:
		return "delete"
	default:
		return "show"
	}
}

// A secretRule says who may carry out an operation on secrets, and what is said
// to the others.
type secretRule struct {
	what  string // as the messages have it: "Secret creation"
	roles []string
	own   bool // the secret of the path must be of the caller's project
}

// The policies of secrets as Barbican ships them (enforce_new_defaults off).
var (
	makers      = []string{"admin", "creator"}
	decrypters  = []string{"admin", "observer", "creator"}
	everybody   = []string{"admin", "observer", "creator", "audit", "key-manager:service-admin"}
	secretRules = map[string]secretRule{
		"barbican.secrets.create":          {"Secret creation", makers, false},
		"barbican.secrets.list":            {"Secret(s) retrieval", decrypters, false},
		"barbican.secrets.show":            {"Secret retrieval", everybody, true},
		"barbican.secrets.payload":         {"Secret payload retrieval", decrypters, true},
		"barbican.secrets.update":          {"Secret update", makers, true},
		"barbican.secrets.delete":          {"Secret deletion", makers, true},
		"barbican.secret_metadata.list":    {"Secret metadata retrieval", everybody, true},
		"barbican.secret_metadata.replace": {"Secret metadata creation", makers, true},
		"barbican.secret_metadata.create":  {"Secret metadatum creation", makers, true},
		"barbican.secret_metadata.show":    {"Secret metadatum retrieval", everybody, true},
		"barbican.secret_metadata.update":  {"Secret metadatum update", makers, true},
		"barbican.secret_metadata.delete":  {"Secret metadatum removal", makers, true},
		"barbican.secret_consumers.list":   {"SecretConsumers(s) retrieval", everybody, true},
		"barbican.secret_consumers.create": {"SecretConsumer creation", everybody, true},
		"barbican.secret_consumers.delete": {"SecretConsumer deletion", everybody, true},
		"barbican.secret_consumers.show":   {"SecretConsumer retrieval", readers, false},
	}
)

// secretAllowed is the policy of secrets. It is looked at before the method of a
// payload, which is an operation of its own only with GET.
func secretAllowed(c *service.Call) error {
	switch path, ok := secretPath(c); {
	case ok && c.Operation != nil:
		return secretAllowedTo(c, c.Operation.ID)
	case ok && strings.HasSuffix(path, "/payload"):
		return secretAllowedTo(c, "barbican.secrets.payload")
	}
	return nil
}

func secretAllowedTo(c *service.Call, op string) error {
	p, ruled := secretRules[op]
	if !ruled {
		return nil
	}
	roles := p.roles
	if op == "barbican.secrets.show" && !wantsJSON(c) {
		roles = decrypters
	}
	path, _ := secretPath(c)
	id, _, _ := strings.Cut(path, "/")
	if c.Caller.Project != nil && c.Caller.HasRole(roles...) && (!p.own || c.Caller.InProject(secrets.Get(c.View, id).ProjectID)) {
		return nil
	}
	return service.Errorf(service.Forbidden, "", "%s attempt not allowed - please review your user/project privileges", p.what)
}

// secretRouted tells a method that a secret's path does not have. The server says
// nowhere which methods a payload and a single pair of metadata do have.
func secretRouted(c *service.Call) error {
	err := service.Routed(c)
	if e, ok := err.(*service.Error); ok && c.Quirk(secretAllowMissing) { //nolint:errorlint // it is not wrapped
		if path, ok := secretPath(c); ok && (strings.HasSuffix(path, "/payload") || strings.Contains(path, "/metadata/")) {
			e.Header = nil
		}
	}
	return err
}

// majors are the top-level media types: on these paths the server takes any type
// that it has heard of.
var majors = []string{"*", "application", "audio", "font", "image", "message", "model", "multipart", "text", "video"}

// acceptableOfSecrets is the check of the Accept header on paths of secrets. A
// secret and its payload are handed out in other types than JSON too.
func acceptableOfSecrets(c *service.Call, path string) error {
	_, rest, below := strings.Cut(path, "/")
	single := path != "" && (!below || rest == "payload")
	accept, takes := c.Accept(), "application/json"
	switch {
	case c.Operation == nil && rest == "payload":
		return nil
	case c.Operation == nil || !single:
		if c.Operation == nil && c.Quirk(otherMethodsAre406) {
			takes = "text/html" // what the server would say of a method, it says in HTML
		}
		if strings.HasSuffix(c.Sent, ".json") || service.Quality(accept, takes) > 0 {
			return nil
		}
	default:
		for part := range strings.SplitSeq(accept, ",") {
			if major, _, ok := strings.Cut(strings.TrimSpace(part), "/"); ok && slices.Contains(majors, strings.ToLower(major)) {
				return nil
			}
		}
	}
	if !service.Readable(accept) {
		return nil
	}
	return &service.Error{Kind: service.NotAcceptable, Detail: noDescription}
}

// contentTypeOfSecrets demands the type of the bodies that are read.
func contentTypeOfSecrets(c *service.Call) error {
	if _, ok := secretRules[c.Operation.ID]; !ok || !c.Operation.Body {
		return nil
	}
	want, repr := []string{"application/json"}, "['application/json']"
	if c.Is("barbican.secrets.update") {
		want, repr = []string{octets, plainText}, "['application/octet-stream', 'text/plain']"
	}
	if slices.Contains(want, c.MediaType()) {
		return nil
	}
	return service.Errorf(service.UnsupportedType, "", "Unexpected content type. Expected content types are: "+repr)
}

// listParameters are the parameters that the lists look at.
var listParameters = []string{
	"limit", "offset", "name", "alg", "mode", "bits", "secret_type", "acl_only", "created", "updated", "expiration", "sort",
}

// secretBreaks is where the server breaks before it looks at the request: a
// parameter given twice is a list to it, and members of the query and of the body
// are arguments of its functions, one of which has a name of its own.
func secretBreaks(c *service.Call) error {
	p, ruled := secretRules[c.Operation.ID]
	if !ruled {
		return nil
	}
	if c.Quirk(projectMemberBreaks) && namesProject(c) {
		return failure(p.what)
	}
	known := listParameters
	if c.Is("barbican.secret_consumers.list") {
		known = listParameters[:2]
	} else if !c.Is("barbican.secrets.list") {
		return nil
	}
	if c.Quirk(secretParametersBreak) && slices.ContainsFunc(known, func(name string) bool { return len(c.Query()[name]) > 1 }) {
		return failure(p.what)
	}
	return nil
}

func namesProject(c *service.Call) bool {
	const name = "external_project_id"
	if _, ok := c.Last(name); ok {
		return true
	}
	if c.MediaType() != "application/json" || !json.Valid(c.Body) {
		return false
	}
	v, _ := c.JSON()
	o, ok := v.(*value.Object)
	if !ok {
		return false
	}
	_, ok = o.Get(name)
	return ok
}
