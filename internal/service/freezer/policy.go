package freezer

import "standin/internal/service"

// A policy names the roles of which a caller needs one. The rules that freezer-api ships let
// everybody pass, which is a quirk. The document has a 403, which only a policy file brings.
type policy []string

// The policies of the operations.
var (
	reading = policy{"admin", "member", "reader"}
	writing = policy{"admin", "member"}
)

// Refuse implements service.Policy.
func (p policy) Refuse(c *service.Call) error {
	if c.Quirk(everybodyMay) || c.Caller.HasRole(p...) {
		return nil
	}
	return service.Errorf(service.Forbidden, "Access Forbidden", "You are not allowed to access this resource")
}

// String implements service.Policy.
func (p policy) String() string { return service.OneOf(p) }
