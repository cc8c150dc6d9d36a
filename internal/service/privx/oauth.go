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

// login is the policy of the operations whose errors OAuth describes (RFC 6749, 5.2). It lets
// everybody pass.
var login service.Policy = loginPolicy{service.Everybody}

type loginPolicy struct{ service.Policy }

// oauthError is the "error" member that OAuth has on the token endpoint.
type oauthError string

// refuse is a 400 also for wrong credentials: a 401 the Go SDK takes for a
// request to be sent again, and then loses the error.
func refuse(code oauthError, message string) *service.Error {
	e := service.Errorf(service.Invalid, "BAD_REQUEST", message)
	e.Detail = code
	return e
}

const tokenLifetime = 300 * time.Second

// issueToken answers POST /auth/api/v1/oauth/token. It takes forms only, from
// OAuth clients that name themselves by HTTP Basic.
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

// publicClient reports whether a token is refreshed by a client that names
// itself in the form and has no secret: PrivX's own pages do.
func publicClient(c *service.Call, form url.Values) bool {
	return form.Get("grant_type") == "refresh_token" && form.Get("client_id") == "privx-ui" && c.Header.Get("Authorization") == ""
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// passwordGrant logs an API client in: one of the records, with the permissions
// of its roles, or one that the fixture lets act as a user.
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

// ofUser makes the token of a user, whose permissions are looked up with each call.
func ofUser(c *service.Call, id string) (*identity.Token, error) {
	if u := identity.Users.Get(c.View, id); u != nil && !identity.On(u.Enabled) {
		return nil, wrongLogin(c, "The user is disabled.")
	}
	return &identity.Token{UserID: id}, nil
}

func wrongLogin(c *service.Call, message string) error {
	if c.Quirk(wrongLoginIs401) {
		e := service.Errorf(service.Unauthorized, "UNAUTHORIZED", "%s", message)
		e.Detail = oauthError("invalid_grant")
		return noLogin(e)
	}
	return noLogin(refuse("invalid_grant", message))
}

// noLogin names the login as what refused the request.
func noLogin(e *service.Error) error { return e.RefusedBy(service.CheckCaller.Name) }

// oauthDomain is the only one whose API clients log in by their credentials.
const oauthDomain = "privx-external"

// issueClientToken answers POST /auth/api/v1/oauth/clientcredentials/{domain}/token.
func issueClientToken(c *service.Call) (service.Reply, error) {
	o, err := readLogin(c)
	if err != nil {
		return service.Reply{}, err
	}
	switch {
	case c.Vars["domain"] != oauthDomain:
		return service.Reply{}, refuse("invalid_request", "The domain is unknown.")
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

// loginWithToken answers POST /auth/api/v1/token/login: the token of somebody
// else's identity provider that the fixture knows is changed for one of PrivX.
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

// readLogin reads the body of a login in JSON.
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

// renewed makes the token that takes the place of an old one. It permits what the
// roles of the API client permit now, not what they did at the login.
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

// tokenReply issues the token. It looks like a JWT; clients take it as it is.
func tokenReply(c *service.Call, t *identity.Token) service.Reply {
	expires := c.Now.Add(tokenLifetime)
	draw := identity.Mint(c.Tx().Draw("privx.tokens", 100), c.Mark)
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

// granted are the permissions that the token gives: its own, else its user's.
func granted(c *service.Call, t *identity.Token) []string {
	if u := identity.Users.Get(c.View, t.UserID); u != nil && len(t.Permissions) == 0 {
		return u.Permissions
	}
	return t.Permissions
}

// dashed writes a Keystone id, 32 hexadecimal digits, as the UUID it is.
func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}
