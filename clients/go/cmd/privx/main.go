// Command privx runs privx-sdk-go with the address in the environment. Its arguments are MODE and
// CONTROL. TRUST_ANCHOR names a file with the certificate to trust.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/SSHcom/privx-sdk-go/v2/api/filters"
	"github.com/SSHcom/privx-sdk-go/v2/api/rolestore"
	"github.com/SSHcom/privx-sdk-go/v2/api/userstore"
	"github.com/SSHcom/privx-sdk-go/v2/oauth"
	"github.com/SSHcom/privx-sdk-go/v2/restapi"

	"standin/clients/check"
)

const (
	terraform = "a3b4c5d6-e7f8-4901-b2c3-d4e5f6a7b8c9"
	collector = "b4c5d6e7-f809-4a12-83d4-e5f6a7b8c9d0"
	adminRole = "b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9"
	uuid      = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`
)

func main() {
	check.Main(map[string]func(){
		"plain":                  work,
		"token-expires-mid-run":  tokenExpires,
		"fails-twice-then-works": failsTwice,
		"errors":                 errors,
	})
}

// anchor returns the certificate to trust, or nil.
func anchor() *x509.Certificate {
	name := os.Getenv("TRUST_ANCHOR")
	if name == "" {
		return nil
	}
	data, err := fs.ReadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	check.OK("the trust anchor", err)
	block, _ := pem.Decode(data)
	return check.Must(x509.ParseCertificate(block.Bytes))
}

// store returns the SDK's user store, configured from the environment as in the SDK's README.
// options are applied last.
func store(options ...oauth.Option) *userstore.UserStore {
	return withToken(login(options...))
}

func login(options ...oauth.Option) restapi.Authorizer {
	return oauth.With(
		restapi.New(restapi.UseEnvironment(), restapi.TrustAnchor(anchor())),
		append([]oauth.Option{oauth.UseEnvironment()}, options...)...)
}

func withToken(auth restapi.Authorizer) *userstore.UserStore { return userstore.New(connector(auth)) }

func connector(auth restapi.Authorizer) restapi.Connector {
	return restapi.New(restapi.Auth(auth), restapi.UseEnvironment(), restapi.TrustAnchor(anchor()))
}

func list(s *userstore.UserStore, options ...filters.Option) (names []string, err error) {
	found, err := s.GetAPIClients(options...)
	if err != nil {
		return nil, err
	}
	for _, c := range found.Items {
		names = append(names, c.Name)
	}
	return names, nil
}

func work() {
	s := store()
	check.Same("list", check.Must(list(s)), []string{"terraform", "log collector"})
	check.Same("list, a page", check.Must(list(s, filters.Paging(1, 1), filters.SortDesc("name"))), []string{"log collector"})
	made := check.Must(s.CreateAPIClient(&userstore.APIClientCreate{Name: "n1", Roles: []rolestore.RoleHandle{{ID: adminRole}}}))
	check.Fits("create", made.ID, uuid)
	bare := check.Must(s.CreateAPIClient(&userstore.APIClientCreate{Name: "without roles"}))
	found := check.Must(s.SearchAPIClients(&userstore.APIClientSearch{Keywords: "n1"}))
	check.Same("search", []any{found.Count, len(found.Items)}, []any{1, 1})
	check.Same("search", found.Items[0].ID, made.ID)
	one := 1
	page := check.Must(s.SearchAPIClients(&userstore.APIClientSearch{Keywords: "terraform collector", Limit: &one}))
	check.Same("search, a page", []any{page.Count, len(page.Items), page.Items[0].Name}, []any{2, 1, "terraform"})
	roles := check.Must(rolestore.New(connector(login())).SearchRoles(rolestore.RoleSearch{Name: []string{"auditor", "nothing"}}))
	check.Same("search for a role", []any{roles.Count, len(roles.Items), roles.Items[0].Name}, []any{1, 1, "auditor"})
	got := check.Must(s.GetAPIClient(made.ID))
	check.Same("get", []any{got.Name, got.OAuthClientID, len(got.Roles), got.Roles[0].ID, got.Roles[0].Name},
		[]any{"n1", "privx-external", 1, adminRole, "api-clients-admin"})
	check.Fits("get: secret", got.Secret, `\S{20,}`)
	asItself(got)
	got.Name = "n2"
	check.OK("update", s.UpdateAPIClient(made.ID, got))
	check.Same("get after update", check.Must(s.GetAPIClient(made.ID)).Name, "n2")
	check.OK("update, minimal", s.UpdateAPIClient(bare.ID, &userstore.APIClient{Name: "n3"}))
	check.Same("list in the end", check.Must(list(s)), []string{"terraform", "log collector", "n2", "n3"})
	check.OK("delete", s.DeleteAPIClient(made.ID))
	check.OK("delete", s.DeleteAPIClient(bare.ID))
	_, err := s.GetAPIClient(made.ID)
	check.Refused("get what is gone", err, notFound)
	check.Refused("delete what is gone", s.DeleteAPIClient(made.ID), notFound)
	_, err = s.CreateAPIClient(&userstore.APIClientCreate{})
	check.Refused("create without a name", err, noName)
	check.Same("list as before", check.Must(list(s)), []string{"terraform", "log collector"})
	check.Report("token, list, create, search, get, log in as it, update, delete, 404")
}

const (
	notFound = `error: OBJECT_NOT_FOUND, message: There is no API client with this id\.`
	noName   = `error: INVALID_REQUEST_DATA, message: The request has invalid data\., property: name, ` +
		`\{error: REQUIRED_VALUE_MISSING, message: A name is required\., property: name\}`
	unavailable = `error: GENERAL_ERROR, message: Service Unavailable`
)

// asItself logs in as an API client that was created.
func asItself(c *userstore.APIClient) {
	s := store(oauth.Access(c.ID), oauth.Secret(c.Secret), oauth.Digest(c.OAuthClientID, c.OAuthClientSecret))
	check.Same("list as the client that was created", len(check.Must(list(s))), 4)
}

// tokenExpires expects that the SDK repeats a request with the same token. It requests no new
// token before the old one should expire.
func tokenExpires() {
	s := store()
	for range 2 {
		check.Same("list", check.Must(list(s)), []string{"terraform", "log collector"})
	}
	_, err := list(s)
	third := check.Refused("the third list", err, `request failed after 2 tries`)
	_, err = list(s)
	check.Refused("the fourth list", err, `request failed after 2 tries`)
	check.Same("list by another authorizer", check.Must(list(store())), []string{"terraform", "log collector"})
	check.Same("the journal", statuses("200", "200", "401", "401", "401", "401", "200"), check.Journal("privx.api-clients.*"))
	check.Report("3rd call: %s, and so on: it fetches no new token; another client works", third)
}

func statuses(codes ...string) (all []string) {
	for _, c := range codes {
		all = append(all, "privx.api-clients.list "+c)
	}
	return all
}

// failsTwice expects that the SDK retries only after a 401.
func failsTwice() {
	s := store()
	var told string
	for range 2 {
		_, err := list(s)
		told = check.Refused("list", err, unavailable)
	}
	check.Same("the third list", check.Must(list(s)), []string{"terraform", "log collector"})
	check.Same("the journal", statuses("503", "503", "200"), check.Journal("privx.api-clients.*"))
	check.Report("2 calls: %s; the 3rd works", told)
}

// capped searches with a limit, which the SDK sends in the body, while a rule limits the pages.
func capped() {
	status, _, _ := check.Send(http.MethodPost, check.Control+"/_standin/faults", "", `{"name": "short", "where": {"operation": "*.search"}, "what": {"page_cap": 1}}`)
	check.Same("arming a rule", status, http.StatusCreated)
	many := 40
	page := check.Must(store().SearchAPIClients(&userstore.APIClientSearch{Limit: &many}))
	check.Same("search, a short page", []any{page.Count, len(page.Items)}, []any{2, 1})
	check.Report("search with limit 40, pages of 1: %d of %d", len(page.Items), page.Count)
}

func errors() {
	at := func(name string, s *userstore.UserStore, want string) {
		_, err := list(s)
		check.Report("%s: %s", name, check.Refused(name, err, want))
	}
	capped()
	exactly := regexp.QuoteMeta
	_, err := store().GetUsers()
	check.Report("users, which are not emulated: %s", check.Refused("users", err, exactly("error: OBJECT_NOT_FOUND, message: There is nothing at this address.")))
	at("wrong secret", store(oauth.Secret("wrong")), exactly("error: BAD_REQUEST, message: The API client is unknown or its secret is wrong."))
	at("wrong OAuth client", store(oauth.Digest("privx-external", "wrong")), exactly("error: BAD_REQUEST, message: The OAuth client is unknown or its secret is wrong."))
	with := func(token string) *userstore.UserStore { return withToken(oauth.WithToken("Bearer " + token)) }
	at("expired token", with("expired-token"), "request failed after 2 tries")
	base := os.Getenv("PRIVX_API_BASE_URL")
	revoked, refresh := tokens(base, url.Values{"grant_type": {"password"}, "username": {"demo-client"}, "password": {"demo-secret"}})
	tokens(base, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}) // this makes the first one invalid
	at("revoked token", with(revoked), "request failed after 2 tries")
	at("Keystone's token", with(check.Token(os.Getenv("OS_AUTH_URL"))), "request failed after 2 tries")
	theirs, _ := tokens(check.InSandbox(base, "theirs"), url.Values{"grant_type": {"password"}, "username": {"demo-client"}, "password": {"demo-secret"}})
	check.OK("the address of another sandbox", os.Setenv("PRIVX_API_BASE_URL", check.InSandbox(base, "ours")))
	at("another sandbox's token", with(theirs), "request failed after 2 tries")
	_, err = with(theirs).CreateAPIClient(&userstore.APIClientCreate{Name: "n1"})
	// net/http cuts the connection when the body is missing, and sometimes reports the cut.
	check.Report("another sandbox's token, create: %s", check.Refused("create with another sandbox's token", err,
		`Post "\S+": (http: ContentLength=26 with Body length 0|read tcp \S+: use of closed network connection)`))
	check.OK("the address without a sandbox", os.Setenv("PRIVX_API_BASE_URL", base))
	check.Must(with(theirs).CreateAPIClient(&userstore.APIClientCreate{Name: "theirs"}))
	check.Same("list by another sandbox's token, at the default address", check.Must(list(with(theirs))), []string{"terraform", "log collector", "theirs"})
	check.Same("list of the default sandbox", check.Must(list(store())), []string{"terraform", "log collector"})
	at("no role", with("nobody-token"), exactly("error: PERMISSION_DENIED, message: The caller lacks the permission api-clients-manage."))
}

// tokens logs in with a form, as the SDK does. It returns the access token and the refresh token.
func tokens(base string, form url.Values) (access, refresh string) {
	req := check.Must(http.NewRequest(http.MethodPost, base+"/auth/api/v1/oauth/token", strings.NewReader(form.Encode())))
	req.SetBasicAuth("privx-external", "privx-secret")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp := check.Must(http.DefaultClient.Do(req))
	defer resp.Body.Close()
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	check.OK("the answer of the login", json.NewDecoder(resp.Body).Decode(&answer))
	return answer.Access, answer.Refresh
}
