package keystone

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

const tokenLifetime = time.Hour

// createToken answers POST /v3/auth/tokens.
func createToken(c *service.Call) (service.Reply, error) {
	r, err := readRequest(c)
	if err != nil {
		return service.Reply{}, err
	}
	t := &service.Token{
		UserID: r.user.ID, Methods: r.methods, Issued: c.Now.Truncate(time.Second),
		Expires: c.Now.Truncate(time.Second).Add(tokenLifetime),
	}
	if r.from != nil && !r.from.Expires.IsZero() { // a token's token does not live longer
		t.Expires = r.from.Expires
	}
	if r.project != nil {
		t.ProjectID = r.project.ID
	}
	draw := c.Mint(c.Tx().Draw("keystone.tokens", 152))
	t.ID = service.FernetHead + base64.URLEncoding.EncodeToString(draw[:132]) // as long as a Fernet token
	t.AuditID = base64.RawURLEncoding.EncodeToString(draw[136:])
	service.Issue(c, t)
	reply := service.JSON(http.StatusCreated, appendToken(c, t, true))
	reply.Set("X-Subject-Token", t.ID)
	return reply, nil
}

// powerless callers have a project and no role in it: no login makes such a
// token, only a fixture.
func powerless(c *service.Caller) bool { return c.Project != nil && len(c.Roles) == 0 }

// subject finds the token that is asked about. Everybody may ask about their
// own, admins about all.
func subject(c *service.Call, rule string) (*service.Token, error) {
	id := c.Header.Get("X-Subject-Token")
	t := service.Tokens.Get(c.View, id)
	own := c.Settings.AuthOff || c.Caller.Token.ID == id && !powerless(c.Caller)
	switch {
	case !own && !c.Caller.HasRole("admin", "service"):
		return nil, service.Errorf(service.Forbidden, "", "You are not authorized to perform the requested action: identity:%s.", rule)
	case t == nil || t.Expired(c.Now) || service.Users.Get(c.View, t.UserID) == nil:
		return nil, service.Errorf(service.NotFound, "", "Could not find token.")
	}
	return t, nil
}

// validateToken answers GET and HEAD /v3/auth/tokens.
func validateToken(c *service.Call) (service.Reply, error) {
	t, err := subject(c, "validate_token")
	if err != nil {
		return service.Reply{}, err
	}
	_, bare := c.Query()["nocatalog"]
	r := service.JSON(http.StatusOK, appendToken(c, t, !bare))
	r.Set("X-Subject-Token", t.ID)
	return r, nil
}

// revokeToken answers DELETE /v3/auth/tokens.
func revokeToken(c *service.Call) (service.Reply, error) {
	t, err := subject(c, "revoke_token")
	if err != nil {
		return service.Reply{}, err
	}
	service.Tokens.Delete(c.Tx(), t.ID)
	return service.Reply{Status: http.StatusNoContent}, nil
}

const keystoneTime = "2006-01-02T15:04:05.000000Z"

// forever is when a token of a fixture expires that has no such time.
var forever = time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)

// appendToken writes {"token": …} as Keystone 22 does.
func appendToken(c *service.Call, t *service.Token, withCatalog bool) []byte {
	methods := t.Methods
	if len(methods) == 0 {
		methods = []string{"password"}
	}
	expires := c.Told(t.Expires)
	if t.Expires.IsZero() {
		expires = forever
	}
	u := service.Users.Get(c.View, t.UserID)
	o := value.NewObject(
		value.Member{Name: "methods", Value: anyList(methods)},
		value.Member{Name: "user", Value: value.NewObject(
			value.Member{Name: "domain", Value: domain(c.View, u.DomainID)},
			value.Member{Name: "id", Value: u.ID},
			value.Member{Name: "name", Value: u.Name},
			value.Member{Name: "password_expires_at", Value: nil},
		)},
		value.Member{Name: "audit_ids", Value: []any{t.AuditID}},
		value.Member{Name: "expires_at", Value: expires.Format(keystoneTime)},
		value.Member{Name: "issued_at", Value: t.Issued.Format(keystoneTime)},
	)
	if p := service.Projects.Get(c.View, t.ProjectID); p != nil {
		o.Set("project", value.NewObject(
			value.Member{Name: "domain", Value: domain(c.View, p.DomainID)},
			value.Member{Name: "id", Value: p.ID},
			value.Member{Name: "name", Value: p.Name},
		))
		o.Set("is_domain", false)
		roles := []any{}
		for _, name := range u.Roles[p.ID] {
			roles = append(roles, value.NewObject(
				value.Member{Name: "id", Value: service.Roles.Get(c.View, name).ID},
				value.Member{Name: "name", Value: name},
			))
		}
		o.Set("roles", roles)
		if withCatalog {
			o.Set("catalog", catalog(c))
		}
	}
	return value.Append(nil, value.NewObject(value.Member{Name: "token", Value: o}))
}

func anyList(words []string) []any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}

func domain(v world.View, id string) *value.Object {
	name := id
	if d := service.Domains.Get(v, id); d != nil {
		name = d.Name
	}
	return value.NewObject(value.Member{Name: "id", Value: id}, value.Member{Name: "name", Value: name})
}

// showCatalog answers GET /v3/auth/catalog.
func showCatalog(c *service.Call) (service.Reply, error) {
	if c.Caller.Project == nil || powerless(c.Caller) {
		return service.Reply{}, service.Errorf(service.Forbidden, "", "You are not authorized to perform the requested action: identity:get_auth_catalog.")
	}
	o := value.NewObject(
		value.Member{Name: "catalog", Value: catalog(c)},
		value.Member{Name: "links", Value: value.NewObject(value.Member{Name: "self", Value: c.Base() + "/v3/auth/catalog"})},
	)
	return service.JSON(http.StatusOK, value.Append(nil, o)), nil
}

// catalog lists the OpenStack services under the addresses by which they are
// reached from where the caller came in.
func catalog(c *service.Call) []any {
	list := []any{}
	for _, s := range []struct{ service, kind, name, path string }{
		{"keystone", "identity", "keystone", "/v3"},
		{"freezer", "backup", "freezer", ""},
		{"barbican", "key-manager", "barbican", ""},
	} {
		url := c.Endpoint(s.service)
		if url == "" {
			continue
		}
		endpoints := []any{}
		for _, iface := range []string{"public", "internal", "admin"} {
			endpoints = append(endpoints, value.NewObject(
				value.Member{Name: "id", Value: fixedID(s.name + "/" + iface)},
				value.Member{Name: "interface", Value: iface},
				value.Member{Name: "region_id", Value: region},
				value.Member{Name: "url", Value: url + s.path},
				value.Member{Name: "region", Value: region},
			))
		}
		list = append(list, value.NewObject(
			value.Member{Name: "endpoints", Value: endpoints},
			value.Member{Name: "id", Value: fixedID(s.name)},
			value.Member{Name: "type", Value: s.kind},
			value.Member{Name: "name", Value: s.name},
		))
	}
	return list
}

const region = "RegionOne"

// fixedID is the id of a thing that is the same in every world.
func fixedID(name string) string { return world.Hex(world.Draw(0, "keystone/"+name, 0, 16)) }

// authRequest is a login that was found good.
type authRequest struct {
	methods []string
	user    *service.User
	project *service.Project // nil: unscoped
	from    *service.Token   // the token it logs in with
}

func badRequest(what string) error {
	return service.Errorf(service.Invalid, "", "Expecting to find %s. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.", what)
}

func unauthorized() error { return service.Errorf(service.Unauthorized, "", "") }

func readRequest(c *service.Call) (*authRequest, error) {
	v, err := c.JSON()
	if err != nil {
		return nil, badRequest("valid JSON in request body")
	}
	auth := child(v, "auth")
	identity := child(auth, "identity")
	switch {
	case auth == nil:
		return nil, badRequest("auth in request body")
	case identity == nil:
		return nil, badRequest("identity in auth")
	}
	m, _ := identity.Get("methods")
	list, ok := m.([]any)
	if !ok || len(list) == 0 {
		return nil, badRequest("methods in identity")
	}
	r := &authRequest{}
	for _, e := range list {
		if err := r.login(c, identity, e); err != nil {
			return nil, err
		}
	}
	return r, r.scope(c, auth)
}

// login carries out one of the methods; all that are named must succeed, for
// the same user.
func (r *authRequest) login(c *service.Call, identity *value.Object, method any) error {
	var u *service.User
	switch method {
	case "password":
		o := child(child(identity, "password"), "user")
		if o == nil {
			return badRequest("user in password")
		}
		password, _ := o.Get("password")
		if u = findUser(c.View, o); u == nil || u.Password != password {
			return unauthorized()
		}
		r.methods = append(r.methods, "password")
	case "token":
		id, _ := child(identity, "token").Get("id")
		s, _ := id.(string)
		t := service.Tokens.Get(c.View, s)
		if t == nil || t.Expired(c.Now) {
			return unauthorized()
		}
		u, r.from = service.Users.Get(c.View, t.UserID), t
		r.methods = append(r.methods, "token")
		for _, m := range t.Methods {
			if !slices.Contains(r.methods, m) {
				r.methods = append(r.methods, m)
			}
		}
	default:
		return unauthorized()
	}
	if u == nil || r.user != nil && r.user.ID != u.ID {
		return unauthorized()
	}
	r.user = u
	return nil
}

// scope finds the project that the token is for; who has no role there gets none.
func (r *authRequest) scope(c *service.Call, auth *value.Object) error {
	v, ok := auth.Get("scope")
	if !ok || v == "unscoped" {
		if !ok && r.from != nil && len(r.user.Roles[r.from.ProjectID]) > 0 {
			r.project = service.Projects.Get(c.View, r.from.ProjectID)
		}
		return nil
	}
	o := child(v, "project")
	if o == nil {
		return unauthorized() // domain and system scopes: nobody has a role there
	}
	if id, ok := o.Get("id"); ok {
		s, _ := id.(string)
		r.project = service.Projects.Get(c.View, s)
	} else {
		r.project = service.First(service.ProjectsByName, c.View, domainOf(c.View, o)+"/"+name(o))
	}
	if r.project == nil || len(r.user.Roles[r.project.ID]) == 0 {
		return unauthorized()
	}
	return nil
}

func findUser(v world.View, o *value.Object) *service.User {
	if id, ok := o.Get("id"); ok {
		s, _ := id.(string)
		return service.Users.Get(v, s)
	}
	return service.First(service.UsersByName, v, domainOf(v, o)+"/"+name(o))
}

// domainOf is the id of the domain that an object names by id or name.
func domainOf(v world.View, o *value.Object) string {
	d := child(o, "domain")
	if id, ok := d.Get("id"); ok {
		s, _ := id.(string)
		return s
	}
	if found := service.First(service.DomainsByName, v, name(d)); found != nil {
		return found.ID
	}
	return ""
}

func name(o *value.Object) string {
	v, _ := o.Get("name")
	s, _ := v.(string)
	return s
}

// child is the object that a member holds; nil if there is none.
func child(v any, name string) *value.Object {
	o, _ := v.(*value.Object)
	m, _ := o.Get(name)
	c, _ := m.(*value.Object)
	return c
}
