package keystone

import (
	"net/http"
	"strconv"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// ruleOperations are the operations on access rules of application credentials.
var ruleOperations = []service.Operation{
	{ID: "keystone.access-rules.list", Do: listRules, Policy: ruleOwners("list_access_rules", "reader")},
	{ID: "keystone.access-rules.show", Do: showRule, Policy: ruleOwners("get_access_rule", "reader")},
	{ID: "keystone.access-rules.delete", Do: deleteRule, Policy: ruleOwners("delete_access_rule", "admin")},
}

func noRule(id string) error { return notFound("Access Rule", id) }

// rulesOf returns the access rules of a user: the stored ones, and those that a fixture has only
// in a credential.
func rulesOf(v world.View, user string) []identity.AccessRule {
	var list []identity.AccessRule
	taken := map[string]bool{}
	for r := range identity.AccessRulesByUser.All(v, user, 0) {
		list, taken[r.ID] = append(list, *r), true
	}
	for a := range identity.CredentialsByUser.All(v, user, 0) {
		for _, r := range a.AccessRules {
			if !taken[r.ID] && identity.AccessRules.Get(v, r.ID) == nil { // the id may belong to another user's rule
				list, taken[r.ID] = append(list, r), true
			}
		}
	}
	return list
}

// ruleByID returns an access rule of any user, or nil.
func ruleByID(v world.View, id string) *identity.AccessRule {
	if r := identity.AccessRules.Get(v, id); r != nil {
		return r
	}
	return ruleInUse(v, id)
}

// ruleInUse returns the rule if a credential has it, or nil.
func ruleInUse(v world.View, id string) *identity.AccessRule {
	for a := range identity.AllCredentials.All(v, "", 0) {
		for _, r := range a.AccessRules {
			if r.ID == id {
				return &r
			}
		}
	}
	return nil
}

// ruleMembers returns a rule in the form of credentials and tokens.
func ruleMembers(r identity.AccessRule) *value.Object {
	return object("id", r.ID, "service", r.Service, "path", r.Path, "method", r.Method)
}

func ruleList(a *identity.AppCredential) []any {
	list := []any{}
	for _, r := range a.AccessRules {
		list = append(list, ruleMembers(r))
	}
	return list
}

func rule(c *service.Call, r identity.AccessRule) *value.Object {
	o := ruleMembers(r)
	o.Set("links", link(c, "access_rules", r.ID))
	return o
}

// listRules handles GET /v3/users/{user_id}/access_rules.
func listRules(c *service.Call) (service.Reply, error) {
	var list []*value.Object
	for _, r := range rulesOf(c.View, c.Vars["user_id"]) {
		list = append(list, rule(c, r))
	}
	return listReply(c, "access_rules", list, "service", "path", "method")
}

// ruleOf returns the rule of the path, which may belong to any user
// (keystone/access-rules.yaml: "show by another user of their own").
func ruleOf(c *service.Call) (*identity.AccessRule, error) {
	if r := ruleByID(c.View, c.Vars["access_rule_id"]); r != nil {
		return r, nil
	}
	return nil, noRule(c.Vars["access_rule_id"])
}

// showRule handles GET /v3/users/{user_id}/access_rules/{access_rule_id}.
func showRule(c *service.Call) (service.Reply, error) {
	r, err := ruleOf(c)
	if err != nil {
		return service.Reply{}, err
	}
	return reply(object("access_rule", rule(c, *r)))
}

// deleteRule handles DELETE of a rule. It refuses a rule that a credential has
// (keystone/access-rules.yaml: "delete in use").
func deleteRule(c *service.Call) (service.Reply, error) {
	r, err := ruleOf(c)
	if err != nil {
		return service.Reply{}, err
	}
	if ruleInUse(c.View, r.ID) != nil {
		return service.Reply{}, service.Errorf(service.Forbidden, "", "May not delete access rule in use")
	}
	identity.AccessRules.Delete(c.Tx(), r.ID)
	return service.Reply{Status: http.StatusNoContent}, nil
}

// keepRules stores the rules of a credential that is deleted
// (keystone/access-rules.yaml: "list of unused rules").
func keepRules(tx *world.Tx, a *identity.AppCredential) {
	for _, r := range a.AccessRules {
		if identity.AccessRules.Get(tx, r.ID) == nil {
			r.UserID = a.UserID
			identity.AccessRules.Put(tx, &r)
		}
	}
}

// takeRules reads the rules of a new credential. It reuses a rule that is given by id
// (keystone/access-rules.yaml: "create by id"), or that the user has already
// (keystone/access-rules.yaml: "create with the same rule"). It creates the others.
func takeRules(c *service.Call, a *identity.AppCredential, given []any) error {
	if len(given) == 0 {
		return nil
	}
	known, taken := knownRules(c.View, a.UserID), map[string]bool{}
	for i, e := range given {
		r, err := known.take(c, e, i)
		if err != nil {
			return err
		}
		// keystone/access-rules.yaml: "create with a rule twice"
		if taken[r.ID] {
			return service.Errorf(service.Conflict, "", duplicateCredential, a.Name)
		}
		taken[r.ID] = true
		r.UserID = "" // the user id is the credential's
		a.AccessRules = append(a.AccessRules, r)
	}
	return nil
}

// A ruleBook finds rules in constant time, because a credential may have thousands.
type ruleBook struct {
	user   string
	inUse  map[string]identity.AccessRule // rules in the credentials of all users, by id
	byText map[[3]string]identity.AccessRule
}

func ruleText(r identity.AccessRule) [3]string { return [3]string{r.Service, r.Path, r.Method} }

func knownRules(v world.View, user string) *ruleBook {
	b := &ruleBook{user: user, inUse: map[string]identity.AccessRule{}, byText: map[[3]string]identity.AccessRule{}}
	for a := range identity.AllCredentials.All(v, "", 0) {
		for _, r := range a.AccessRules {
			b.inUse[r.ID] = r
		}
	}
	for _, r := range rulesOf(v, user) {
		if _, ok := b.byText[ruleText(r)]; !ok { // the first one is used
			b.byText[ruleText(r)] = r
		}
	}
	return b
}

// byID returns a rule of any user.
func (b *ruleBook) byID(v world.View, id string) (identity.AccessRule, bool) {
	if r := identity.AccessRules.Get(v, id); r != nil {
		return *r, true
	}
	r, ok := b.inUse[id]
	return r, ok
}

// take returns the rule of an element of a request. It creates the rule if there is none.
func (b *ruleBook) take(c *service.Call, e any, place int) (identity.AccessRule, error) {
	o, _ := e.(*value.Object)
	id := o.Text("id")
	if r, ok := b.byID(c.View, id); ok && id != "" {
		return r, nil
	}
	want := identity.AccessRule{ID: id, UserID: b.user, Service: o.Text("service"), Path: o.Text("path"), Method: o.Text("method")}
	if r, ok := b.byText[ruleText(want)]; ok {
		return r, nil
	}
	if err := wholeRule(o, place); err != nil {
		return want, err
	}
	if id == "" {
		want.ID = c.Tx().NewID("keystone.access_rules", world.Hex, func(id string) bool { _, taken := b.byID(c.View, id); return taken })
	}
	identity.AccessRules.Put(c.Tx(), &want)
	b.byText[ruleText(want)] = want
	return want, nil
}

// wholeRule returns an error if a member of a new rule is missing. An element with an id only
// names a rule that does not exist. The real server closes the connection in both cases
// (keystone/access-rules.yaml: "create by an unknown id").
func wholeRule(o *value.Object, place int) error {
	if o.Has("id") && o.Len() == 1 {
		return noRule(o.Text("id"))
	}
	if f := validator.Find(wholeRuleSchema, o); f != nil {
		return invalidField("access_rules/"+strconv.Itoa(place), f.Message)
	}
	return nil
}
