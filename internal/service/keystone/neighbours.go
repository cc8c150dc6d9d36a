package keystone

import (
	"slices"
	"strings"

	"standin/internal/service"
)

// neighbourOperations are operations on resources that do not exist.
var neighbourOperations = []service.Operation{
	{ID: "keystone.auth-system.list", Do: listOwnSystems, Policy: members("get_auth_system")},
	{ID: "keystone.groups.list", Do: listGroups, Policy: admins("list_groups")},
	{ID: "keystone.groups.show", Do: groupMissing, Policy: admins("get_group")},
	{ID: "keystone.group-users.list", Do: groupMissing, Policy: admins("list_users_in_group")},
	{ID: "keystone.user-groups.list", Do: listUserGroups, Policy: owners("list_groups_for_user")},
	{ID: "keystone.credentials.list", Do: listOtherCredentials, Policy: members("list_credentials")},
	{ID: "keystone.credentials.show", Do: showOtherCredential, Policy: admins("get_credential")},
	{ID: "keystone.trusts.list", Do: listTrusts, Policy: trustListing{}},
	{ID: "keystone.trusts.show", Do: showTrust, Policy: service.Everybody},
}

// Groups, trusts and other kinds of credentials cannot be created. Their lists are empty, and
// single ones are a 404. The policies are those of the real server
// (keystone/neighbours.yaml: "list").

// unserved are resources of the real server that Standin does not have, by the part of the path
// after /v3/.
var unserved = []string{
	"OS-EP-FILTER", "OS-FEDERATION", "OS-INHERIT", "OS-OAUTH1", "OS-REVOKE", "limits", "policies", "registered_limits", "role_inferences", "system",
}

// unservedBelow are such resources below a user, a project, a domain or a role.
var unservedBelow = []string{
	"users/OS-OAUTH1", "users/credentials", "projects/tags", "projects/users", "projects/groups",
	"domains/users", "domains/groups", "domains/config", "roles/implies",
}

// neighbour requires a token where the real server does, on paths that Standin does not have
// (keystone/neighbours.yaml: "more without a token"). With a token they are a 404.
func neighbour(c *service.Call) error {
	rest, ok := strings.CutPrefix(c.Path, "/v3/")
	if !ok || len(c.Methods) > 0 || c.CallerError == nil {
		return nil
	}
	parts := strings.Split(rest, "/")
	below := len(parts) > 2 && (slices.Contains(unservedBelow, parts[0]+"/"+parts[2]) || strings.HasPrefix(rest, "OS-TRUST/trusts/"))
	if slices.Contains(unserved, parts[0]) || below {
		return c.CallerError
	}
	return nil
}

// listOwnSystems handles GET /v3/auth/system. It returns whether the caller can have a system
// token (keystone/system.yaml: "systems").
func listOwnSystems(c *service.Call) (service.Reply, error) {
	list := []any{}
	if u := c.Caller.User; u != nil && len(u.System) > 0 {
		list = append(list, object("all", true))
	}
	return reply(object("system", list, "links", object("self", c.Base()+c.Path)))
}

// listGroups handles GET /v3/groups.
func listGroups(c *service.Call) (service.Reply, error) { return listReply(c, "groups", nil) }

// groupMissing handles GET /v3/groups/{group_id} and GET /v3/groups/{group_id}/users.
func groupMissing(c *service.Call) (service.Reply, error) {
	return service.Reply{}, notFound("group", c.Vars["group_id"])
}

// listUserGroups handles GET /v3/users/{user_id}/groups.
func listUserGroups(c *service.Call) (service.Reply, error) {
	if _, err := userOf(c); err != nil {
		return service.Reply{}, err
	}
	return listReply(c, "groups", nil)
}

// listOtherCredentials handles GET /v3/credentials. Callers see their own.
func listOtherCredentials(c *service.Call) (service.Reply, error) {
	return listReply(c, "credentials", nil)
}

// showOtherCredential handles GET /v3/credentials/{credential_id}.
func showOtherCredential(c *service.Call) (service.Reply, error) {
	return service.Reply{}, notFound("credential", c.Vars["credential_id"])
}

// listTrusts handles GET /v3/OS-TRUST/trusts.
func listTrusts(c *service.Call) (service.Reply, error) { return listReply(c, "trusts", nil) }

// showTrust handles GET /v3/OS-TRUST/trusts/{trust_id}, for every caller.
func showTrust(c *service.Call) (service.Reply, error) {
	return service.Reply{}, notFound("trust", c.Vars["trust_id"])
}
