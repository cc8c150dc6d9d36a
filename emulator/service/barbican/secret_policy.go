package barbican

import (
	"net/http"
	"slices"
	"strings"

	"standin/emulator/service"
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
		operation := subResources[part] + pairVerb(c, part)
		c.Vars = map[string]string{"secret_ref": id}
		return firstOf(permitted(c, operation), failure(policies[operation].what))
	default:
		return service.Errorf(service.NotFound, "", "")
	}
}

// subResources are the parts of a secret below which the server breaks, and the
// operation that it is in; that of metadata follows from the method.
var subResources = map[string]string{
	"payload": "barbican.secrets.payload", "metadata": "barbican.secret-metadata.", "consumers": "barbican.secret-consumers.show",
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

// secretAllowed is the policy of secrets. It is looked at before the method of a
// payload, which is an operation of its own only with GET. Who asks for a secret in
// another type than JSON asks for its payload.
func secretAllowed(c *service.Call) error {
	path, ok := secretPath(c)
	switch {
	case ok && c.Is("barbican.secrets.show") && !wantsJSON(c):
		return permitted(c, "barbican.secrets.show/payload")
	case ok && c.Operation != nil:
		return permitted(c, c.Operation.ID)
	case ok && strings.HasSuffix(path, "/payload"):
		return permitted(c, "barbican.secrets.payload")
	}
	return nil
}

// secretRouted tells a method that a secret's path does not have. The server says
// nowhere which methods a payload and a single pair of metadata do have.
func secretRouted(c *service.Call) error {
	err := service.Routed(c)
	if err != nil && len(c.Methods) == 0 && (c.Method != http.MethodGet || strings.HasSuffix(c.Path, ".xml")) {
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	}
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
	if !strings.HasPrefix(c.Operation.ID, "barbican.secret") || !c.Operation.Body {
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
// parameter given twice is a list to it.
func secretBreaks(c *service.Call) error {
	known := listParameters
	if c.Is("barbican.secret-consumers.list") {
		known = listParameters[:2]
	} else if !c.Is("barbican.secrets.list") {
		return nil
	}
	if c.Quirk(secretParametersBreak) && slices.ContainsFunc(known, func(name string) bool { return len(c.Query()[name]) > 1 }) {
		return failure(policies[c.Operation.ID].what)
	}
	return nil
}
