package barbican

import (
	"slices"
	"strings"

	"standin/internal/service"
)

// acceptable is the check of the Accept header. Most operations send JSON only
// (barbican/consumers-validation.yaml: "accepts"). A header that cannot be parsed is ignored.
func acceptable(c *service.Call) error {
	p := placeOf(c.Path)
	accept := c.Accept()
	switch {
	case p.kind == "secrets":
		if acceptableOfSecrets(c, p) {
			return nil
		}
	case service.Quality(accept, "application/json") > 0 || strings.Contains(accept, "application/json") || !service.Readable(accept), c.Operation != nil && c.Operation.Public:
		return nil
	case c.Path == v1 && c.Operation != nil && service.Quality(accept, jsonHome) > 0:
		return nil
	}
	return &service.Error{Kind: service.NotAcceptable, Detail: noDescription}
}

// majors are the top-level media types. For a single secret the server accepts any type that
// begins with one of them (barbican/secrets.yaml: "read what is accepted").
var majors = []string{"*", "application", "audio", "font", "image", "message", "model", "multipart", "text", "video"}

// acceptableOfSecrets reports whether the server accepts the Accept header on a path of secrets.
// A secret and its payload also have types other than JSON
// (barbican/secrets.yaml: "payload what is accepted").
func acceptableOfSecrets(c *service.Call, p place) bool {
	payload := p.rest == "payload"
	single := p.id != "" && (!p.below || payload)
	accept, takes := c.Accept(), "application/json"
	switch {
	// The server checks the method first (barbican/secrets.yaml: "payload by POST").
	case c.Operation == nil && payload:
		return true
	case c.Operation == nil || !single:
		if c.Operation == nil && c.Quirk(otherMethodsAre406) {
			takes = "text/html" // the server's 405 is HTML
		}
		// barbican/secrets-methods.yaml: "list as dot json"
		if strings.HasSuffix(c.Sent, ".json") || service.Quality(accept, takes) > 0 {
			return true
		}
	default:
		for part := range strings.SplitSeq(accept, ",") {
			if major, _, ok := strings.Cut(strings.TrimSpace(part), "/"); ok && slices.Contains(majors, strings.ToLower(major)) {
				return true
			}
		}
	}
	return !service.Readable(accept)
}
