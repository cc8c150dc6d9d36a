package service

import "standin/internal/identity"

// CallerByToken returns the caller of a token, at a service that trusts the login. If the token
// is unknown or expired, it returns an error of kind Unauthorized without a message.
func CallerByToken(c *Call, login identity.Login, id string) (*identity.Caller, error) {
	if c.Settings.AuthOff {
		return Anyone(c)
	}
	if caller := identity.ByToken(c.View, c.Now, login, id); caller != nil {
		return caller, nil
	}
	return nil, Errorf(Unauthorized, "", "")
}

// Anyone returns the caller of every request if authentication is off.
func Anyone(c *Call) (*identity.Caller, error) {
	if caller := identity.Anyone(c.View); caller != nil {
		return caller, nil
	}
	return nil, Errorf(Unauthorized, "", "the fixture has no user whom everybody could be")
}
