package freezer

import "standin/internal/service"

// A policy lists the roles of which a caller needs one. The policy that freezer-api ships allows
// every caller, which is a quirk (freezer/authentication.yaml: "every role lists"). The document
// lists a 403, which a deployment gets only with its own policy file.
type policy []string

// The policies of the operations.
var (
	reading = policy{"admin", "member", "reader"}
	writing = policy{"admin", "member"}
)

// Refuse implements service.Policy.
func (p policy) Refuse(c *service.Call) error {
	if c.Caller.HasRole(p...) || c.Quirk(everybodyMay) {
		return nil
	}
	return service.Errorf(service.Forbidden, "Access Forbidden", "You are not allowed to access this resource")
}

// String implements service.Policy.
func (p policy) String() string { return service.OneOf(p) }
