package sandbox

import (
	"standin/internal/identity"
)

// Environment lists the variables, NAME=VALUE, by which clients that reach the sandbox at a URL
// find it and log in: STANDIN_URL, those of OpenStack's clients, of PrivX's, and DEVOPS_URL,
// DEVOPS_USERNAME, DEVOPS_PASSWORD. The user who logs in is demo, or else the first of the
// world.
func (s *Sandbox) Environment(url string) []string {
	v := s.world.Load()
	env := []string{
		"STANDIN_URL=" + url,
		"OS_AUTH_URL=" + url + "/identity/v3",
		"OS_IDENTITY_API_VERSION=3",
		"OS_BACKUP_API_VERSION=1",
		"PRIVX_API_BASE_URL=" + url,
		"DEVOPS_URL=" + url,
	}
	if u, p := identity.Member(v); u != nil {
		env = append(env, "OS_USERNAME="+u.Name, "OS_PASSWORD="+u.Password, "OS_REGION_NAME=RegionOne")
		if d := identity.Domains.Get(v, u.DomainID); d != nil {
			env = append(env, "OS_USER_DOMAIN_NAME="+d.Name, "OS_DOMAIN_NAME="+d.Name) // gophercloud reads the second one only
		}
		if p != nil {
			env = append(env, "OS_PROJECT_NAME="+p.Name)
			if d := identity.Domains.Get(v, p.DomainID); d != nil {
				env = append(env, "OS_PROJECT_DOMAIN_NAME="+d.Name)
			}
		}
		if a := identity.Accounts.Get(v, u.Name); a != nil {
			env = append(env, "DEVOPS_USERNAME="+a.Name, "DEVOPS_PASSWORD="+a.Password)
		}
	}
	if c := identity.First(identity.AllOAuthClients, v, ""); c != nil {
		env = append(env, "PRIVX_API_OAUTH_CLIENT_ID="+c.ID, "PRIVX_API_OAUTH_CLIENT_SECRET="+c.Secret)
	}
	if l := identity.First(identity.AllAPILogins, v, ""); l != nil {
		env = append(env, "PRIVX_API_CLIENT_ID="+l.ID, "PRIVX_API_CLIENT_SECRET="+l.Secret)
	}
	return env
}

// MemberToken is a fixed token of the user of Environment; empty if there is none.
func (s *Sandbox) MemberToken() string { return identity.MemberToken(s.World()) }
