package barbican

import (
	"net/http"
	"strings"

	"standin/internal/late"
	"standin/internal/service"
)

var uuid4 = late.Regexp(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// These checks that a container, secret or order exists come before the checks of the request.
// The server looks the record up while it looks for the function to call
// (barbican/consumers-validation.yaml: "PUT on a container that is none").

// containerExists checks the container in the path, and what is below it.
func containerExists(c *service.Call) error {
	p := placeOf(c.Path)
	if p.kind != "containers" || !p.named {
		return nil
	}
	switch {
	// barbican/containers.yaml: "read as dot xml"
	case strings.HasSuffix(c.Path, ".xml"):
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	// barbican/containers.yaml: "read an id that is none"
	case !uuid4().MatchString(p.id):
		return service.Errorf(service.NotFound, "", "Not Found. Provided container id is invalid.")
	case containers.Get(c.View, p.id) == nil:
		return service.Errorf(service.NotFound, "", "Secrets container not found.")
	case p.rest != "" && len(c.Methods) == 0:
		return unknownBelow(c, p)
	default:
		return nil
	}
}

// unknownBelow returns the error for an unknown resource below a container. The server passes its
// name as an argument to the function that handles the path above, and fails
// (barbican/consumers-quirks.yaml: "a sub-resource that is none"). The policy of that function is
// checked first.
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
	// barbican/consumers.yaml: "one by an id that is none"
	case first == "consumers" && below && !uuid4().MatchString(consumer):
		return service.Errorf(service.NotFound, "", "Not Found. Provided consumer id is invalid.")
	// barbican/consumers-quirks.yaml: "beyond one consumer"
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

// secretExists checks the secret in the path, and what is below it.
func secretExists(c *service.Call) error {
	p := placeOf(c.Path)
	if p.kind != "secrets" || p.id == "" {
		return nil
	}
	part, further, deep := strings.Cut(p.rest, "/")
	consumer, _, _ := strings.Cut(further, "/")
	switch {
	// barbican/secrets.yaml: "read an id that is none"
	case !uuid4().MatchString(p.id):
		return service.Errorf(service.NotFound, "", "Not Found. Provided secret id is invalid.")
	case livingSecret(c, p.id) == nil:
		return service.Errorf(service.NotFound, "", "Secret not found.")
	// barbican/secret-consumers.yaml: "one that is none"
	case part == "consumers" && deep && !uuid4().MatchString(consumer):
		return service.Errorf(service.NotFound, "", "Not Found. Provided consumer id is invalid.")
	case len(c.Methods) > 0:
		if c.Operation == nil && part == "metadata" && deep {
			return routed(c) // a method that a single metadatum does not have
		}
		return nil
	}
	// The quirk barbican.secret-sub-resource-is-500.
	if above := ruleAbove(c, part); above != nil && c.Quirk(secretSubResourceBreaks) {
		return above.breaks(c, secretTarget(c, p.id))
	}
	return service.Errorf(service.NotFound, "", "")
}

// ruleAbove returns the rule of the resource below which the server fails, or nil for resources
// below which it does not.
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

// orderExists returns the error that there is no order, for every method and caller
// (barbican/orders.yaml: "an order of another method").
func orderExists(c *service.Call) error {
	if p := placeOf(c.Path); p.kind == "orders" && p.id != "" {
		return noOrder()
	}
	return nil
}

// belowQuotas returns the failure of the server for an unknown path below quotas. The quirk is
// barbican.unknown-sub-resource-is-500.
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
