package barbican

import (
	"net/http"
	"regexp"
	"strings"

	"standin/internal/service"
)

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// The checks that a container, a secret or an order exists come before all checks of the
// request itself. The server looks for them while it looks for the function to call.

// containerExists finds the container that the path names, and what is below it.
func containerExists(c *service.Call) error {
	p := placeOf(c.Path)
	if p.kind != "containers" || !p.named {
		return nil
	}
	switch {
	case strings.HasSuffix(c.Path, ".xml"):
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	case !uuid4.MatchString(p.id):
		return service.Errorf(service.NotFound, "", "Not Found. Provided container id is invalid.")
	case containers.Get(c.View, p.id) == nil:
		return service.Errorf(service.NotFound, "", "Secrets container not found.")
	case p.rest != "" && len(c.Methods) == 0:
		return unknownBelow(c, p)
	default:
		return nil
	}
}

// unknownBelow is the answer for a sub-resource that containers do not have. The server
// takes its name for an argument of the function that serves what is above it. It looks at the
// policy of that function first.
func unknownBelow(c *service.Call, p place) error {
	var above *rule
	switch c.Method {
	case http.MethodGet:
		above = containerRetrieval
	case http.MethodDelete:
		above = containerDeletion
	}
	first, more, deeper := strings.Cut(p.rest, "/")
	consumer, _, below := strings.Cut(more, "/")
	switch {
	case !deeper:
	case first == "acl" && c.Method == http.MethodGet:
		above = containerACLRetrieval
	case first == "consumers" && below && !uuid4.MatchString(consumer):
		return service.Errorf(service.NotFound, "", "Not Found. Provided consumer id is invalid.")
	case first == "consumers" && below && c.Method == http.MethodGet:
		above = consumerRetrieval
	case c.Method != http.MethodDelete:
		return nil
	default:
		return service.Errorf(service.NotFound, "", "")
	}
	switch {
	case above == nil:
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	case !c.Quirk(unknownSubResourceFails):
		return service.Errorf(service.NotFound, "", "Not Found")
	}
	return above.breaks(c, containerTarget(c, p.id))
}

// secretExists finds the secret that the path names, and what is below it.
func secretExists(c *service.Call) error {
	p := placeOf(c.Path)
	if p.kind != "secrets" || p.id == "" {
		return nil
	}
	part, further, deep := strings.Cut(p.rest, "/")
	consumer, _, _ := strings.Cut(further, "/")
	switch {
	case !uuid4.MatchString(p.id):
		return service.Errorf(service.NotFound, "", "Not Found. Provided secret id is invalid.")
	case livingSecret(c, p.id) == nil:
		return service.Errorf(service.NotFound, "", "Secret not found.")
	case part == "consumers" && deep && !uuid4.MatchString(consumer):
		return service.Errorf(service.NotFound, "", "Not Found. Provided consumer id is invalid.")
	case len(c.Methods) > 0:
		if c.Operation == nil && part == "metadata" && deep {
			return routed(c) // a method that a single pair does not have
		}
		return nil
	}
	if above := ruleAbove(c, part); above != nil && c.Quirk(secretSubResourceBreaks) {
		return above.breaks(c, secretTarget(c, p.id))
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

// orderExists finds no order, for every method and every caller.
func orderExists(c *service.Call) error {
	if p := placeOf(c.Path); p.kind == "orders" && p.id != "" {
		return noOrder()
	}
	return nil
}

// belowQuotas is where the server breaks on a path below quotas.
func belowQuotas(c *service.Call) error {
	p := placeOf(c.Path)
	switch {
	case c.Operation != nil || c.Method != http.MethodGet || !c.Quirk(unknownSubResourceFails) || !p.named:
		return nil
	case p.kind == "quotas":
		return quotaRetrieval.breaks(c, nil)
	case p.kind == "project-quotas":
		return projectQuotaAccess.breaks(c, nil)
	default:
		return nil
	}
}
