package barbican

import (
	"regexp"
	"strings"

	"standin/emulator/service"
)

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// containerExists tells about the container of the path, and about what is below
// it, before everything that concerns the request itself.
func containerExists(c *service.Call) error {
	id, ok := c.Vars["container_ref"]
	rest := ""
	if !ok {
		path, below := strings.CutPrefix(c.Path, "/v1/containers/")
		if !below {
			return nil
		}
		id, rest, _ = strings.Cut(path, "/")
	}
	switch {
	case !uuid4.MatchString(id):
		return service.Errorf(service.NotFound, "", "Not Found. Provided container id is invalid.")
	case containers.Get(c.View, id) == nil:
		return service.Errorf(service.NotFound, "", "Secrets container not found.")
	case strings.HasSuffix(rest, ".xml"):
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	case rest != "": // the server fails with 500 on a sub-resource that containers do not have
		return service.Errorf(service.NotFound, "", "Not Found")
	default:
		return nil
	}
}

// A rule says who may carry out an operation, and what is said to the others.
type rule struct {
	what  string // as the message has it: "Container creation"
	roles []string
	own   bool // the container of the path must be of the caller's project
}

// The policies as Barbican ships them (enforce_new_defaults off): the roles
// member and reader may do nothing, observer and audit may register consumers.
var (
	readers  = []string{"admin", "observer", "creator", "audit"}
	policies = map[string]rule{
		"barbican.containers.create": {"Container creation", []string{"admin", "creator"}, false},
		"barbican.containers.list":   {"Containers(s) retrieval", []string{"admin", "observer", "creator"}, false},
		"barbican.containers.show":   {"Container retrieval", readers, true},
		"barbican.containers.delete": {"Container deletion", []string{"admin", "creator"}, true},
		"barbican.consumers.list":    {"ContainerConsumers(s) retrieval", readers, true},
		"barbican.consumers.show":    {"ContainerConsumer retrieval", readers, true},
		"barbican.consumers.create":  {"ContainerConsumer creation", readers, true},
		"barbican.consumers.delete":  {"ContainerConsumer deletion", readers, true},
	}
)

// allowed is the policy. A container is deleted by an admin of its project or
// by the creator who made it.
func allowed(c *service.Call) error {
	p, ruled := policies[c.Operation.ID]
	if !ruled { // stateless operations
		return nil
	}
	ok := c.Caller.Project != nil && c.Caller.HasRole(p.roles...)
	if p.own {
		ct := containers.Get(c.View, c.Vars["container_ref"])
		ok = ok && c.Caller.InProject(ct.ProjectID)
		if c.Is("barbican.containers.delete") && !c.Caller.HasRole("admin") {
			ok = ok && c.Caller.ID == ct.CreatorID
		}
	}
	if ok {
		return nil
	}
	return service.Errorf(service.Forbidden, "", "%s attempt not allowed - please review your user/project privileges", p.what)
}

// withinQuota refuses what would go beyond the project's quota; a negative one
// does not bound.
func withinQuota(what string, quota *int, have int) error {
	if quota == nil || *quota < 0 || have < *quota {
		return nil
	}
	return service.Errorf(service.Forbidden, "", "%s creation issue seen - Creation not allowed because a quota has been reached.", what)
}
