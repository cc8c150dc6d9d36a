package keystone

import (
	"slices"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
	"standin/internal/world"
)

// login is the state of a login.
type login struct {
	methods    []string
	user       *identity.User
	project    *identity.Project       // nil: unscoped or system scope
	system     bool                    // system scope
	from       *identity.Token         // the token of a login by token
	credential *identity.AppCredential // the credential of a login by application credential
}

// methods are the login methods of a default Keystone, in the order in which it lists them.
var methods = []string{"external", "password", "token", "oauth1", "mapped", "application_credential"}

// readLogin reads a request for a token. It checks the schema, the scope and the methods, in the
// order of Keystone (keystone/two-faults.yaml: "log in {}").
func readLogin(c *service.Call) (*login, error) {
	var body any
	if len(c.Body) > 0 {
		var err error
		if body, err = c.JSON(); err != nil {
			return nil, expected("valid JSON in request body")
		}
	}
	o, _ := body.(*value.Object)
	v, _ := o.Get("auth")
	if v == nil {
		return nil, expected("auth in request body")
	}
	if err := validator.Check(loginSchema, v); err != nil {
		return nil, err
	}
	auth := o.Object("auth")
	l := &login{}
	if err := l.scope(c, auth); err != nil {
		return nil, err
	}
	logins := auth.Object("identity")
	names := logins.List("methods")
	// keystone/tokens.yaml: "methods that are none"
	if len(names) == 0 {
		return nil, unauthorized()
	}
	for _, e := range names {
		name, _ := e.(string)
		if logins.Object(name) == nil {
			return nil, expected(name + " in identity")
		}
	}
	for _, e := range names {
		name, _ := e.(string)
		if err := l.by(c, logins, name); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(l.methods, func(a, b string) int { return slices.Index(methods, b) - slices.Index(methods, a) })
	return l, l.check(c, auth)
}

// scope reads the scope of the token.
func (l *login) scope(c *service.Call, auth *value.Object) error {
	word, scope := auth.Text("scope"), auth.Object("scope")
	if !auth.Has("scope") || word == "unscoped" {
		return nil
	}
	var kinds []string
	for _, kind := range []string{"system", "project", "domain", "OS-TRUST:trust", "unscoped"} {
		if scope.Has(kind) || word == "system" && kind == "system" {
			kinds = append(kinds, kind)
		}
	}
	// keystone/tokens.yaml: "two scopes"
	if len(kinds) != 1 {
		return expected("system, project, domain, OS-TRUST:trust or unscoped in scope")
	}
	switch o := scope.Object(kinds[0]); kinds[0] {
	case "system": // its content is ignored
		l.system = true
		return nil
	case "project":
		return l.scopeToProject(c, o)
	case "domain": // no user has a role in a domain
		if !o.Has("id") && !o.Has("name") {
			return service.Errorf(service.Invalid, "", "Invalid input for field scope/domain: id or name must be present.")
		}
		return unauthorized()
	case "OS-TRUST:trust": // there are no trusts
		if !o.Has("id") {
			return expected("trust_id in trust")
		}
		return unauthorized()
	}
	return nil
}

func (l *login) scopeToProject(c *service.Call, o *value.Object) error {
	switch {
	case o.Has("id"):
		l.project = identity.Projects.Get(c.View, o.Text("id"))
	case !o.Has("name"):
		return service.Errorf(service.Invalid, "", "Invalid input for field scope/project: id or name must be present.")
	case !o.Has("domain"):
		return expected("domain in project")
	default:
		l.project = identity.First(identity.ProjectsByName, c.View, domainOf(c.View, o)+"/"+o.Text("name"))
	}
	if l.project == nil || !identity.On(l.project.Enabled) {
		return unauthorized()
	}
	return nil
}

// by logs in with one of the methods. All methods of a request must succeed for the same user.
func (l *login) by(c *service.Call, logins *value.Object, method string) error {
	how := logins.Object(method)
	var u *identity.User
	var err error
	switch method {
	case "password":
		u, err = byPassword(c, how)
	case "token":
		u, err = l.byToken(c, how.Text("id"))
	case "application_credential":
		u, err = l.byCredential(c, how)
	default:
		e := service.Errorf(service.Unauthorized, "", "Attempted to authenticate with an unsupported method.")
		e.Detail = supported(methods)
		return e
	}
	if err != nil {
		return err
	}
	if u == nil || !identity.On(u.Enabled) || l.user != nil && l.user.ID != u.ID {
		return unauthorized()
	}
	l.user = u
	l.add(method)
	return nil
}

func (l *login) add(method string) {
	if !slices.Contains(l.methods, method) {
		l.methods = append(l.methods, method)
	}
}

func byPassword(c *service.Call, how *value.Object) (*identity.User, error) {
	o := how.Object("user")
	switch {
	case o == nil:
		return nil, expected("user in None")
	case !o.Has("id") && !o.Has("name"):
		return nil, service.Errorf(service.Invalid, "", "Invalid input for field identity/password/user: id or name must be present.")
	case o.Has("name") && !o.Has("domain"):
		return nil, expected("domain in user")
	}
	u := findUser(c.View, o)
	if password := o.TextOrNil("password"); password == nil || u == nil || u.Password != *password {
		return nil, unauthorized()
	}
	return u, nil
}

// byToken logs in with a token, to get one of another scope
// (keystone/token-life.yaml: "exchange the unscoped for a project").
func (l *login) byToken(c *service.Call, id string) (*identity.User, error) {
	t, err := valid(c, id, false)
	if err != nil {
		return nil, err
	}
	// keystone/application-credentials.yaml: "exchange such a token"
	if t.Credential != "" {
		return nil, service.Errorf(service.Forbidden, "", "You are not authorized to perform the requested action: Using a delegated token to create another token is not allowed..")
	}
	l.from = t
	for _, m := range obtained(t) {
		l.add(m)
	}
	return identity.Users.Get(c.View, t.UserID), nil
}

// byCredential logs in with an application credential. It is named by id, or by name and user.
func (l *login) byCredential(c *service.Call, how *value.Object) (*identity.User, error) {
	a, err := findCredential(c, how)
	if err != nil {
		return nil, err
	}
	if secret := how.TextOrNil("secret"); a == nil || secret == nil || *secret != a.Secret || a.Expired(c.Now) {
		return nil, unauthorized()
	}
	l.credential = a
	return identity.Users.Get(c.View, a.UserID), nil
}

func findCredential(c *service.Call, how *value.Object) (*identity.AppCredential, error) {
	// keystone/application-credentials.yaml: "log in by an unknown id"
	if how.Has("id") {
		v, _ := how.Get("id")
		id, ok := v.(string)
		if !ok {
			id = openstack.Repr(v)
		}
		if a := identity.Credentials.Get(c.View, id); a != nil {
			return a, nil
		}
		return nil, noCredential(id)
	}
	o := how.Object("user")
	switch {
	case !how.Has("name"):
		return nil, expected("name or ID in application credential")
	case o == nil || o.Len() == 0:
		return nil, expected("user in application credential")
	case !o.Has("id") && !o.Has("domain"):
		return nil, expected("domain in user")
	}
	u := findUser(c.View, o)
	if u == nil {
		if !o.Has("id") && identity.Domains.Get(c.View, domainOf(c.View, o)) != nil {
			return nil, notFound("user", o.Text("name"))
		}
		return nil, unauthorized()
	}
	return credentialNamed(c.View, u.ID, how.Text("name")), nil
}

// check checks that the user may have a token of the requested scope.
func (l *login) check(c *service.Call, auth *value.Object) error {
	if l.credential != nil {
		// keystone/application-credentials.yaml: "log in with a scope"
		if auth.Has("scope") {
			e := service.Errorf(service.Unauthorized, "", "Error authenticating with application credential: Application credentials cannot request a scope.")
			e.Detail = supported{}
			return e
		}
		l.project = identity.Projects.Get(c.View, l.credential.ProjectID)
	}
	if l.system && len(l.user.System) == 0 {
		return unauthorized()
	}
	// keystone/system.yaml: "exchange for the project"
	if l.from != nil && l.from.System && l.project != nil {
		return service.Errorf(service.Forbidden, "", "You are not authorized to perform the requested action: Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed..")
	}
	if l.project != nil && len(identity.RolesOf(c.View, l.user, l.project.ID, l.credential)) == 0 {
		return unauthorized()
	}
	return nil
}

func findUser(v world.View, o *value.Object) *identity.User {
	if o.Has("name") {
		return identity.First(identity.UsersByName, v, domainOf(v, o)+"/"+o.Text("name"))
	}
	return identity.Users.Get(v, o.Text("id"))
}

// domainOf returns the id of the domain that an object names by id or name.
func domainOf(v world.View, o *value.Object) string {
	d := o.Object("domain")
	if d.Has("id") {
		return d.Text("id")
	}
	if found := identity.First(identity.DomainsByName, v, d.Text("name")); found != nil {
		return found.ID
	}
	return ""
}
