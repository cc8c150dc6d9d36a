package devops

import (
	"strings"

	"standin/internal/service"
)

// A policy is the name of a documented policy that an account may have. The document has no
// policy for updates; they use create_image. Other resources use the same policies as images.
type policy string

// The policies of the document.
const (
	mayRead   policy = "read_images"
	mayWrite  policy = "create_image"
	mayDelete policy = "delete_image"
)

// Refuse implements service.Policy.
func (p policy) Refuse(c *service.Call) error {
	if c.Caller.May(string(p)) {
		return nil
	}
	kind := service.Forbidden
	// The quirk devops.missing-policy-is-401.
	if c.Quirk(missingPolicyIs401) {
		kind = service.Unauthorized
	}
	return service.Errorf(kind, "", "Access denied for '%s'", c.Caller.Name)
}

// String implements service.Policy.
func (p policy) String() string { return string(p) }

// onlyJSON is the check of the media type application/json. The document requires the header for
// some operations.
func onlyJSON(c *service.Call) error {
	if strings.EqualFold(c.MediaType(), "application/json") {
		return nil
	}
	return service.Errorf(service.UnsupportedType, "", "Content-Type should be 'application/json'").RefusedBy("content type")
}

// jsonByQuirk returns onlyJSON if the named quirk is on.
func jsonByQuirk(quirk string) func(*service.Call) error {
	return func(c *service.Call) error {
		if !c.Quirk(quirk) {
			return nil
		}
		return onlyJSON(c)
	}
}
