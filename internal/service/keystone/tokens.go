package keystone

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// tokenOperations issue, validate and revoke tokens.
var tokenOperations = []service.Operation{
	{ID: "keystone.tokens.create", Do: createToken, Policy: service.Everybody},
	{ID: "keystone.tokens.validate", Do: validateToken, Policy: validation},
	{ID: "keystone.tokens.revoke", Do: revokeToken, Policy: revocation},
}

// The policies of the token in X-Subject-Token.
var (
	validation = &subjectPolicy{rule: "validate_token", roles: []string{"admin", "service"}}
	revocation = &subjectPolicy{rule: "revoke_token", roles: []string{"admin"}}
)

const (
	tokenLifetime = time.Hour
	// shownExpired is the time after its expiry that a token can be validated with allow_expired.
	shownExpired = 48 * time.Hour
)

// createToken handles POST /v3/auth/tokens.
func createToken(c *service.Call) (service.Reply, error) {
	l, err := readLogin(c)
	if err != nil {
		return service.Reply{}, err
	}
	now := c.Now.Truncate(time.Second)
	t := &identity.Token{UserID: l.user.ID, Methods: l.methods, Issued: now, Expires: now.Add(tokenLifetime)}
	if l.from != nil { // a token from a token does not live longer
		if !l.from.Expires.IsZero() {
			t.Expires = l.from.Expires
		}
		t.ParentAudit = cmp.Or(l.from.ParentAudit, auditID(l.from))
	}
	if a := l.credential; a != nil {
		t.Credential = a.ID
		if !a.Expires.IsZero() && a.Expires.Before(t.Expires) {
			t.Expires = a.Expires
		}
	}
	t.System = l.system
	if l.project != nil {
		t.ProjectID = l.project.ID
	}
	draw := identity.Mint(c.Tx().Draw("keystone.tokens", 152), c.Slot, c.Mark)
	t.ID = identity.FernetHead + base64.URLEncoding.EncodeToString(draw[:132]) // as long as a Fernet token
	t.AuditID = base64.RawURLEncoding.EncodeToString(draw[136:])
	identity.Issue(c.Tx(), c.Now, t)
	reply := service.JSON(http.StatusCreated, appendToken(c, t))
	reply.Set("X-Subject-Token", t.ID)
	return reply, nil
}

// obtained returns the login methods of a token. Tokens in fixtures may have none.
func obtained(t *identity.Token) []string {
	if len(t.Methods) == 0 {
		return []string{"password"}
	}
	return t.Methods
}

// auditID returns the audit id of a token. Tokens in fixtures may have none.
func auditID(t *identity.Token) string {
	if t.AuditID != "" {
		return t.AuditID
	}
	return base64.RawURLEncoding.EncodeToString(world.Draw(0, "keystone/audit/"+t.ID, 0, 16))
}

// powerless reports whether the caller has a project without a role in it. Only fixtures have
// tokens for that.
func powerless(c *identity.Caller) bool { return c.Project != nil && len(c.Roles) == 0 }

// orphan reports whether the credential of the token was deleted.
func orphan(c *service.Call, t *identity.Token) bool {
	return t.Credential != "" && identity.Credentials.Get(c.View, t.Credential) == nil
}

// valid returns a token that is valid. With expiredToo it may have expired less than shownExpired
// ago.
func valid(c *service.Call, id string, expiredToo bool) (*identity.Token, error) {
	t := identity.Tokens.Get(c.View, id)
	if t == nil || !t.From(identity.ByKeystone) {
		return nil, service.Errorf(service.NotFound, "", "Could not recognize Fernet token")
	}
	u := identity.Users.Get(c.View, t.UserID)
	switch {
	case u == nil:
		return nil, service.Errorf(service.NotFound, "", "Could not recognize Fernet token")
	// keystone/application-credentials.yaml: "the token after delete"
	case orphan(c, t):
		return nil, noCredential(t.Credential)
	case t.Revoked, !identity.On(u.Enabled),
		t.Expired(c.Now) && (!expiredToo || !c.Now.Before(t.Expires.Add(shownExpired))):
		return nil, service.Errorf(service.NotFound, "", "Failed to validate token")
	}
	return t, nil
}

// subject returns the token in X-Subject-Token.
func subject(c *service.Call, p *subjectPolicy, expiredToo bool) (*identity.Token, error) {
	id := c.Header.Get("X-Subject-Token")
	// keystone/token-life.yaml: "validate without a subject"
	if id == "" {
		return nil, service.Errorf(service.NotFound, "", "No token in the request")
	}
	t, err := valid(c, id, expiredToo)
	// keystone/access-rules.yaml: "validate its token"
	if err == nil && ruled(c, t) && !holdsToRules(c) {
		return nil, service.Errorf(service.NotFound, "", "Failed to validate token")
	}
	if err == nil && !p.all(c) && t.UserID != c.Caller.ID {
		err = forbidden(p.rule)
	}
	return t, err
}

// ruled reports whether the token is from a credential that has access rules.
func ruled(c *service.Call, t *identity.Token) bool {
	a := identity.Credentials.Get(c.View, t.Credential)
	return a != nil && len(a.AccessRules) > 0
}

// holdsToRules reports whether the service that validates a token declares that it enforces
// access rules. To other services the token does not exist
// (keystone/access-rules.yaml: "validate its token for a server of access rules").
func holdsToRules(c *service.Call) bool {
	version, err := strconv.ParseFloat(c.Header.Get("Openstack-Identity-Access-Rules"), 64)
	return err == nil && version >= 1
}

// validateToken handles GET and HEAD /v3/auth/tokens.
func validateToken(c *service.Call) (service.Reply, error) {
	allow, _ := c.Last("allow_expired")
	t, err := subject(c, validation, truth(allow, false))
	if err != nil {
		return service.Reply{}, err
	}
	r := service.JSON(http.StatusOK, appendToken(c, t))
	r.Set("X-Subject-Token", t.ID)
	return r, nil
}

// revokeToken handles DELETE /v3/auth/tokens. The token is kept and marked as revoked.
func revokeToken(c *service.Call) (service.Reply, error) {
	t, err := subject(c, revocation, false)
	if err != nil {
		return service.Reply{}, err
	}
	identity.Tokens.Update(c.Tx(), t, func(t *identity.Token) { t.Revoked = true })
	return service.Reply{Status: http.StatusNoContent}, nil
}

const keystoneTime = "2006-01-02T15:04:05.000000Z"

var (
	// forever is the expiry in responses of a fixture's token that does not expire.
	forever = time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)
	// long is the issue time in responses of a fixture's token that has none.
	long = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// appendToken returns {"token": …} in the form of Keystone 22.
func appendToken(c *service.Call, t *identity.Token) []byte {
	expires, issued := c.ShownExpiry(t.Expires), t.Issued
	if t.Expires.IsZero() {
		expires = forever
	}
	if issued.IsZero() {
		issued = long
	}
	audit := []any{auditID(t)}
	if t.ParentAudit != "" {
		audit = append(audit, t.ParentAudit)
	}
	u := identity.Users.Get(c.View, t.UserID)
	o := object(
		"methods", value.List(obtained(t)),
		"user", object("domain", domain(c.View, u.DomainID), "id", u.ID, "name", u.Name, "password_expires_at", nil),
		"audit_ids", audit,
		"expires_at", expires.Format(keystoneTime),
		"issued_at", issued.Format(keystoneTime),
	)
	credential := identity.Credentials.Get(c.View, t.Credential)
	if p := identity.Projects.Get(c.View, t.ProjectID); p != nil {
		o.Set("project", object("domain", domain(c.View, p.DomainID), "id", p.ID, "name", p.Name))
		o.Set("is_domain", false)
		setScope(c, o, identity.RolesOf(c.View, u, p.ID, credential))
	} else if t.System {
		o.Set("system", object("all", true))
		setScope(c, o, identity.SystemRolesOf(c.View, u))
	}
	if credential != nil {
		unrestricted := credential.Unrestricted != nil && *credential.Unrestricted
		by := object("id", credential.ID, "name", credential.Name, "restricted", !unrestricted)
		if len(credential.AccessRules) > 0 {
			by.Set("access_rules", ruleList(credential))
		}
		o.Set("application_credential", by)
	}
	return value.Append(nil, object("token", o))
}

// setScope sets the roles of a project or system token. It also sets the catalogue, unless the
// query has nocatalog (keystone/tokens.yaml: "without the catalogue").
func setScope(c *service.Call, o *value.Object, names []string) {
	roles := []any{}
	for _, name := range names {
		if r := identity.Roles.Get(c.View, name); r != nil {
			roles = append(roles, object("id", r.ID, "name", name))
		}
	}
	o.Set("roles", roles)
	if _, bare := c.Query()["nocatalog"]; !bare {
		o.Set("catalog", catalog(c))
	}
}

// object returns an object of alternating names and values.
func object(pairs ...any) *value.Object {
	o := value.NewObject()
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		o.Set(name, pairs[i+1])
	}
	return o
}

func domain(v world.View, id string) *value.Object {
	name := id
	if d := identity.Domains.Get(v, id); d != nil {
		name = d.Name
	}
	return object("id", id, "name", name)
}
