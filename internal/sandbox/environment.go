package sandbox

import (
	"standin/internal/identity"
)

// Environment returns the variables, NAME=VALUE, with which clients find the sandbox at a URL and
// log in. They are STANDIN_URL, those of OpenStack and PrivX clients, and DEVOPS_URL,
// DEVOPS_USERNAME and DEVOPS_PASSWORD. The user is demo, or the first user of the world if there is
// no demo.
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
			env = append(env, "OS_USER_DOMAIN_NAME="+d.Name, "OS_DOMAIN_NAME="+d.Name) // gophercloud reads only the second one
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

// MemberToken returns a fixed token of the user of Environment; empty if there is none.
func (s *Sandbox) MemberToken() string { return identity.MemberToken(s.World()) }
