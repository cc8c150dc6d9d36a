package privx

import (
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
)

// loginOperations issue tokens.
var loginOperations = []service.Operation{
	{ID: "privx.oauth.token", Do: issueToken, Policy: login},
	{ID: "privx.oauth.client-token", Do: issueClientToken, Policy: login},
	{ID: "privx.token.login", Do: loginWithToken, Policy: login},
}

// login is the policy of the operations with OAuth errors (RFC 6749, section 5.2). It allows
// every caller.
var login service.Policy = loginPolicy{service.Everybody}

type loginPolicy struct{ service.Policy }

// oauthError is the member "error" of an OAuth error.
type oauthError string

// refuse returns a 400, also for wrong credentials. After a 401 the Go SDK sends the request
// again and loses the error.
func refuse(code oauthError, message string) *service.Error {
	e := service.Errorf(service.Invalid, "BAD_REQUEST", message)
	e.Detail = code
	return e
}

const tokenLifetime = 300 * time.Second

// issueToken handles POST /auth/api/v1/oauth/token. It accepts only forms, from OAuth clients
// that authenticate by HTTP Basic.
func issueToken(c *service.Call) (service.Reply, error) {
	if !strings.EqualFold(c.MediaType(), "application/x-www-form-urlencoded") {
		return service.Reply{}, refuse("invalid_request", "The content type must be application/x-www-form-urlencoded.")
	}
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return service.Reply{}, refuse("invalid_request", "The form could not be read.")
	}
	if !knownClient(c) && !publicClient(c, form) {
		return service.Reply{}, noLogin(refuse("invalid_client", "The OAuth client is unknown or its secret is wrong."))
	}
	var t *identity.Token
	switch grant := form.Get("grant_type"); grant {
	case "password":
		t, err = passwordGrant(c, form)
	case "refresh_token":
		t, err = refreshGrant(c, form)
	case "":
		err = refuse("invalid_request", "grant_type is missing.")
	default:
		err = refuse("unsupported_grant_type", "The grant type is not supported.")
	}
	if err != nil {
		return service.Reply{}, err
	}
	return tokenReply(c, t), nil
}

func knownClient(c *service.Call) bool {
	scheme, credentials, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	id, secret, ok := identity.DecodeBasic(credentials)
	client := identity.OAuthClients.Get(c.View, id)
	return strings.EqualFold(scheme, "Basic") && ok && client != nil && same(client.Secret, secret)
}

// publicClient reports whether the request refreshes a token for the client of PrivX's own pages.
// That client has no secret and sends its id in the form.
func publicClient(c *service.Call, form url.Values) bool {
	return form.Get("grant_type") == "refresh_token" && form.Get("client_id") == "privx-ui" && c.Header.Get("Authorization") == ""
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// passwordGrant logs in an API client: a record with the permissions of its roles, or one that
// the fixture maps to a user.
func passwordGrant(c *service.Call, form url.Values) (*identity.Token, error) {
	return byClient(c, form.Get("username"), form.Get("password"))
}

func byClient(c *service.Call, id, secret string) (*identity.Token, error) {
	if l := identity.APILogins.Get(c.View, id); l != nil && same(l.Secret, secret) {
		return ofUser(c, l.UserID)
	}
	if cl := clients.Get(c.View, id); cl != nil && same(cl.Secret, secret) {
		return &identity.Token{UserID: cl.ID, Permissions: permissions(c.View, cl)}, nil
	}
	return nil, wrongLogin(c, "The API client is unknown or its secret is wrong.")
}

// ofUser returns a token of a user. The permissions of the user are read for each call.
func ofUser(c *service.Call, id string) (*identity.Token, error) {
	if u := identity.Users.Get(c.View, id); u != nil && !identity.On(u.Enabled) {
		return nil, wrongLogin(c, "The user is disabled.")
	}
	return &identity.Token{UserID: id}, nil
}

func wrongLogin(c *service.Call, message string) error {
	// The quirk privx.wrong-login-is-401.
	if c.Quirk(wrongLoginIs401) {
		e := service.Errorf(service.Unauthorized, "UNAUTHORIZED", "%s", message)
		e.Detail = oauthError("invalid_grant")
		return noLogin(e)
	}
	return noLogin(refuse("invalid_grant", message))
}

// noLogin sets the name of the login check as what refused the request.
func noLogin(e *service.Error) error { return e.RefusedBy(service.CheckCaller.Name) }

// oauthDomain is the only domain whose API clients log in with their credentials.
const oauthDomain = "privx-external"

// issueClientToken handles POST /auth/api/v1/oauth/clientcredentials/{domain}/token.
func issueClientToken(c *service.Call) (service.Reply, error) {
	o, err := readLogin(c)
	if err != nil {
		return service.Reply{}, err
	}
	switch {
	case c.Vars["domain"] != oauthDomain:
		return service.Reply{}, refuse("invalid_request", "The domain is unknown.")
	// The quirk privx.client-type-is-confidential.
	case c.Quirk(confidentialClient):
		return service.Reply{}, refuse("unauthorized_client", "The OAuth client privx-external is confidential.")
	case o.Text("grant_type") != "client_credentials":
		return service.Reply{}, refuse("unsupported_grant_type", "The grant type is not supported.")
	}
	t, err := byClient(c, o.Text("client_id"), o.Text("client_secret"))
	if err != nil {
		return service.Reply{}, err
	}
	return tokenReply(c, t), nil
}

// loginWithToken handles POST /auth/api/v1/token/login. It exchanges a token of another identity
// provider, which the fixture lists, for a token of PrivX.
func loginWithToken(c *service.Call) (service.Reply, error) {
	o, err := readLogin(c)
	if err != nil {
		return service.Reply{}, err
	}
	l := identity.ExternalTokens.Get(c.View, o.Text("token"))
	if l == nil {
		return service.Reply{}, wrongLogin(c, "The token is not one that is trusted.")
	}
	t, err := ofUser(c, l.UserID)
	if err != nil {
		return service.Reply{}, err
	}
	return tokenReply(c, t), nil
}

// readLogin reads the JSON body of a login.
func readLogin(c *service.Call) (*value.Object, error) {
	v, err := c.JSON()
	o, ok := v.(*value.Object)
	if err != nil || !ok {
		return nil, refuse("invalid_request", "The request body is not a JSON object.")
	}
	return o, nil
}

func refreshGrant(c *service.Call, form url.Values) (*identity.Token, error) {
	r := form.Get("refresh_token")
	old := identity.First(identity.TokensByRefresh, c.View, r)
	if r == "" || old == nil || old.Revoked || !c.Now.Before(old.Gone()) {
		return nil, refuse("invalid_grant", "The refresh token is unknown.")
	}
	t, err := renewed(c, old)
	if err != nil {
		return nil, err
	}
	identity.Tokens.Delete(c.Tx(), old.ID)
	return t, nil
}

// renewed returns the token that replaces an old one. It has the permissions that the roles of
// the API client have now, not those at the login.
func renewed(c *service.Call, old *identity.Token) (*identity.Token, error) {
	u, cl := identity.Users.Get(c.View, old.UserID), clients.Get(c.View, old.UserID)
	switch {
	case u != nil && !identity.On(u.Enabled):
		return nil, refuse("invalid_grant", "The user is disabled.")
	case u != nil:
		return &identity.Token{UserID: u.ID, Permissions: slices.Clone(old.Permissions)}, nil
	case cl != nil:
		return &identity.Token{UserID: cl.ID, Permissions: permissions(c.View, cl)}, nil
	default:
		return nil, refuse("invalid_grant", "The refresh token is unknown.")
	}
}

// tokenReply issues a token. It has the form of a JWT, but clients do not read it.
func tokenReply(c *service.Call, t *identity.Token) service.Reply {
	expires := c.Now.Add(tokenLifetime)
	draw := identity.Mint(c.Tx().Draw("privx.tokens", 100), c.Slot, c.Mark)
	var claims value.Writer
	claims.BeginObject()
	claims.Name("aud").Text("privx-ui")
	claims.Name("exp").Int(c.ShownExpiry(expires).Unix())
	claims.Name("iat").Int(c.Now.Unix())
	claims.Name("iss").Text("oam.auth.ssh.com")
	claims.Name("permissions").Text(strings.Join(append([]string{"privx-user"}, granted(c, t)...), ","))
	claims.Name("userid").Text(dashed(t.UserID))
	claims.EndObject()
	enc := base64.RawURLEncoding
	t.ID = enc.EncodeToString([]byte(`{"alg":"Ed25519","typ":"JWT"}`)) + "." +
		enc.EncodeToString(claims.Bytes()) + "." + enc.EncodeToString(draw[:64])
	t.Refresh = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(draw[64:])
	t.Methods, t.Issued, t.Expires = []string{"password"}, c.Now, expires
	identity.Issue(c.Tx(), c.Now, t)
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("access_token").Text(t.ID)
	w.Name("token_type").Text("bearer")
	w.Name("expires_in").Int(int64(tokenLifetime.Seconds()))
	w.Name("refresh_token").Text(t.Refresh)
	w.Name("scope").Text("privx-user")
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes())
}

// granted returns the permissions of a token: its own, or else those of its user.
func granted(c *service.Call, t *identity.Token) []string {
	if u := identity.Users.Get(c.View, t.UserID); u != nil && len(t.Permissions) == 0 {
		return u.Permissions
	}
	return t.Permissions
}

// dashed formats a Keystone id of 32 hexadecimal digits as a UUID with dashes.
func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}
