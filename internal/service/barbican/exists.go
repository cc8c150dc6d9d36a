package barbican

import (
	"net/http"
	"regexp"
	"strings"

	"standin/internal/service"
)

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// containerExists tells about the container of the path, and about what is below
// it, before everything that concerns the request itself.
func containerExists(c *service.Call) error {
	id, matched := c.Vars["container_ref"]
	rest := ""
	if !matched {
		path, below := strings.CutPrefix(c.Path, "/v1/containers/")
		if !below {
			return belowQuotas(c)
		}
		id, rest, _ = strings.Cut(path, "/")
	}
	switch {
	case strings.HasSuffix(c.Path, ".xml"):
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	case !uuid4.MatchString(id):
		return service.Errorf(service.NotFound, "", "Not Found. Provided container id is invalid.")
	case containers.Get(c.View, id) == nil:
		return service.Errorf(service.NotFound, "", "Secrets container not found.")
	case rest != "":
		c.Vars = map[string]string{"container_ref": id}
		return unknownBelow(c, rest)
	default:
		return nil
	}
}

// belowQuotas is unknownBelow for the paths of quotas.
func belowQuotas(c *service.Call) error {
	switch {
	case c.Operation != nil || c.Method != http.MethodGet || !c.Quirk(unknownSubResourceFails):
		return nil
	case strings.HasPrefix(c.Path, "/v1/quotas/"):
		return quotaRetrieval.breaks(c)
	case strings.HasPrefix(c.Path, "/v1/project-quotas/"):
		return projectQuotaAccess.breaks(c)
	default:
		return nil
	}
}

// breaks is the error on a path where the server breaks once the rule has let the caller pass.
func (r *rule) breaks(c *service.Call) error {
	if err := service.Ask(r, c); err != nil {
		return err
	}
	return failure(r.what)
}

// unknownBelow is the answer for a sub-resource that containers do not have. The server
// takes its name for an argument of the function that serves what is above it, once the policy has
// let the caller pass.
func unknownBelow(c *service.Call, rest string) error {
	var above *rule
	switch c.Method {
	case http.MethodGet:
		above = containerRetrieval
	case http.MethodDelete:
		above = containerDeletion
	}
	first, more, deeper := strings.Cut(rest, "/")
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
	return above.breaks(c)
}
