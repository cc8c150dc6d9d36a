package main

import (
	"os"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"

	"standin/clients/check"
)

const (
	needsLogin  = `\{"error":\{"code":401,"title":"Unauthorized","message":"The request you have made requires authentication\."\}\}`
	unavailable = `\{"code":503,"title":"Service Unavailable","description":""\}`
	loginFails  = `\{"error":\{"code":401,"message":"The request you have made requires authentication\.","title":"Unauthorized"\}\}`
)

// tokenExpires expects that gophercloud with AllowReauth logs in again and repeats the request.
// Without it, gophercloud must report the 401.
func tokenExpires() {
	c := keyManager()
	for range 4 {
		check.Same("containers", listed(c), []string{"web tls", "passwords"})
	}
	logins := check.Journal("keystone.tokens.create")
	check.Same("logins", logins, []string{"keystone.tokens.create 201", "keystone.tokens.create 201"})
	unauthorized := 0
	for _, e := range check.Journal("barbican.*") {
		if e == "barbican.containers.list 401" {
			unauthorized++
		}
	}
	check.Same("answers 401", unauthorized, 1)
	check.Report("AllowReauth: logs in again and repeats the request; nothing is seen")
}

// failsTwice expects that gophercloud does not retry after a 503 unless it has a RetryFunc. The
// list of versions, which it requests first, gets the first 503.
func failsTwice() {
	provider := check.Must(authenticate())
	_, err := openstack.NewKeyManagerV1(provider, gophercloud.EndpointOpts{})
	told := check.Refused("the list of versions", err, refusal("GET", `\S+/key-manager/`, "200 300", 503, unavailable))
	c := direct(provider.Token())
	_, err = list(c)
	check.Refused("containers", err, refusal("GET", `\S+/v1/containers`, "200 ", 503, unavailable))
	check.Same("the third time", listed(c), []string{"web tls", "passwords"})
	check.Report("1st call: %s; the 2nd the same; the 3rd works", told)
}

// direct returns a service client with a token, without a login, at the address in the catalogue.
func direct(token string) *gophercloud.ServiceClient {
	return at(os.Getenv("DEVOPS_URL"), token)
}

func at(base, token string) *gophercloud.ServiceClient {
	provider := &gophercloud.ProviderClient{}
	provider.UseTokenLock()
	provider.SetToken(token)
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: base + "/key-manager/", ResourceBase: base + "/key-manager/v1/"}
}

func errors() {
	login := func(name string, change func(*gophercloud.AuthOptions)) {
		_, err := authenticate(change)
		check.Report("%s: %s", name, check.Refused(name, err, refusal("POST", `\S+/identity/v3/auth/tokens`, "20", 401, loginFails)))
	}
	call := func(name string, c *gophercloud.ServiceClient, status int, body string) {
		_, err := list(c)
		check.Report("%s: %s", name, check.Refused(name, err, refusal("GET", `\S+/v1/containers`, "200 ", status, body)))
	}
	authURL, base := os.Getenv("OS_AUTH_URL"), os.Getenv("DEVOPS_URL")
	login("wrong password", func(o *gophercloud.AuthOptions) { o.Password = "wrong" })
	call("expired token", direct("expired-token"), 401, needsLogin)
	call("revoked token", direct(check.Revoked(authURL)), 401, needsLogin)
	theirs := check.Token(check.InSandbox(authURL, "theirs"))
	call("another sandbox's token", at(check.InSandbox(base, "ours"), theirs), 401, needsLogin)
	status, _, _ := check.Send("POST", check.InSandbox(base, "theirs")+"/v1/containers", theirs, `{"type": "generic", "name": "theirs"}`)
	check.Same("a container in the other sandbox", status, 201)
	check.Same("another sandbox's token, at the default address", listed(direct(theirs)), []string{"web tls", "passwords", "theirs"})
	login("no role in the project", func(o *gophercloud.AuthOptions) { o.Username, o.Password = "nobody", "nobody" })
	call("role reader", direct("reader-token"), 403,
		`\{"code":403,"title":"Forbidden","description":"Containers\(s\) retrieval attempt not allowed - please review your user/project privileges"\}`)
}
