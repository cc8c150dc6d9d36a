package keystone

import (
	"slices"
	"strings"

	"standin/internal/service"
)

// neighbourOperations find nothing.
var neighbourOperations = []service.Operation{
	{ID: "keystone.auth-system.list", Do: listOwnSystems},
	{ID: "keystone.groups.list", Do: listGroups},
	{ID: "keystone.groups.show", Do: showGroup},
	{ID: "keystone.group-users.list", Do: listGroupUsers},
	{ID: "keystone.user-groups.list", Do: listUserGroups},
	{ID: "keystone.credentials.list", Do: listOtherCredentials},
	{ID: "keystone.credentials.show", Do: showOtherCredential},
	{ID: "keystone.trusts.list", Do: listTrusts},
	{ID: "keystone.trusts.show", Do: showTrust},
}

// Groups, credentials of other kinds and trusts cannot be made, so that there are none:
// they are listed empty and not found, by the policies of the server.

// unserved are the resources of the real server that are not reproduced, by the part of
// the path after /v3/.
var unserved = []string{
	"OS-EP-FILTER", "OS-FEDERATION", "OS-INHERIT", "OS-OAUTH1", "OS-REVOKE", "limits", "policies", "registered_limits", "role_inferences", "system",
}

// unservedBelow are those below the name of a user, a project, a domain or a role.
var unservedBelow = []string{
	"users/OS-OAUTH1", "users/credentials", "projects/tags", "projects/users", "projects/groups",
	"domains/users", "domains/groups", "domains/config", "roles/implies",
}

// neighbour asks for a token where the real server would, on paths that are not served
// here. With a token they are not found.
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

// listOwnSystems answers GET /v3/auth/system: whether the caller can have a token for the
// whole system.
func listOwnSystems(c *service.Call) (service.Reply, error) {
	if powerless(c.Caller) {
		return service.Reply{}, forbidden("get_auth_system")
	}
	list := []any{}
	if u := c.Caller.User; u != nil && len(u.System) > 0 {
		list = append(list, object("all", true))
	}
	return reply(object("system", list, "links", object("self", c.Base()+c.Path)))
}

// none answers an empty list to admins.
func none(c *service.Call, name, rule string) (service.Reply, error) {
	if !admin(c) {
		return service.Reply{}, forbidden(rule)
	}
	return listReply(c, name, nil)
}

// missing answers for a thing that is not there, to admins.
func missing(c *service.Call, kind, id, rule string) (service.Reply, error) {
	if !admin(c) {
		return service.Reply{}, forbidden(rule)
	}
	return service.Reply{}, notFound(kind, id)
}

// listGroups answers GET /v3/groups.
func listGroups(c *service.Call) (service.Reply, error) { return none(c, "groups", "list_groups") }

// showGroup answers GET /v3/groups/{group_id}.
func showGroup(c *service.Call) (service.Reply, error) {
	return missing(c, "group", c.Vars["group_id"], "get_group")
}

// listGroupUsers answers GET /v3/groups/{group_id}/users.
func listGroupUsers(c *service.Call) (service.Reply, error) {
	return missing(c, "group", c.Vars["group_id"], "list_users_in_group")
}

// listUserGroups answers GET /v3/users/{user_id}/groups.
func listUserGroups(c *service.Call) (service.Reply, error) {
	if _, err := themselves(c, "list_groups_for_user"); err != nil {
		return service.Reply{}, err
	}
	return listReply(c, "groups", nil)
}

// listOtherCredentials answers GET /v3/credentials: everybody sees their own.
func listOtherCredentials(c *service.Call) (service.Reply, error) {
	if powerless(c.Caller) {
		return service.Reply{}, forbidden("list_credentials")
	}
	return listReply(c, "credentials", nil)
}

// showOtherCredential answers GET /v3/credentials/{credential_id}.
func showOtherCredential(c *service.Call) (service.Reply, error) {
	return missing(c, "credential", c.Vars["credential_id"], "get_credential")
}

// listTrusts answers GET /v3/OS-TRUST/trusts. Users may ask for those that they give and
// for those that they are given.
func listTrusts(c *service.Call) (service.Reply, error) {
	own := false
	for _, who := range []string{"trustor", "trustee"} {
		id, asked := c.Last(who + "_user_id")
		if asked && !admin(c) && (id != c.Caller.ID || powerless(c.Caller)) {
			return service.Reply{}, forbidden("list_trusts_for_" + who)
		}
		own = own || asked
	}
	if own {
		return listReply(c, "trusts", nil)
	}
	return none(c, "trusts", "list_trusts")
}

// showTrust answers GET /v3/OS-TRUST/trusts/{trust_id}, to everybody.
func showTrust(c *service.Call) (service.Reply, error) {
	return service.Reply{}, notFound("trust", c.Vars["trust_id"])
}
