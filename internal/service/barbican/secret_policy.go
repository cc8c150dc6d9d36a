package barbican

import (
	"net/http"
	"slices"
	"strings"

	"standin/internal/service"
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
			return routed(c) // a method that a single pair does not have
		}
		return nil
	}
	if above := ruleAbove(c, part); above != nil && c.Quirk(secretSubResourceBreaks) {
		c.Vars = map[string]string{"secret_ref": id}
		return above.breaks(c)
	}
	return service.Errorf(service.NotFound, "", "")
}

// ruleAbove returns the rule of the part of a secret below which the server breaks. It
// returns nil for a part below which it does not.
func ruleAbove(c *service.Call, part string) *rule {
	switch {
	case part == "payload":
		return payloadRetrieval
	case part == "consumers":
		return secretConsumerRetrieval
	case part != "metadata":
		return nil
	case c.Method == http.MethodPut:
		return metadatumUpdate
	case c.Method == http.MethodDelete:
		return metadatumRemoval
	default:
		return metadatumRetrieval
	}
}

// payloadAllowed is the policy of a payload, looked at before its method, which is an
// operation only with GET.
func payloadAllowed(c *service.Call) error {
	if path, ok := secretPath(c); ok && c.Operation == nil && strings.HasSuffix(path, "/payload") {
		return service.Ask(payloadRetrieval, c)
	}
	return nil
}

// routed tells a method that a path does not have. The server says nowhere which
// methods a payload and a single pair of metadata do have.
func routed(c *service.Call) error {
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
