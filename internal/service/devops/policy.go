package devops

import (
	"strings"

	"standin/internal/service"
)

// A policy is the name of a documented policy, which an account may have. Updates have none
// of their own in the document. The neighbours of the images use the same policies.
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
	if c.Quirk(missingPolicyIs401) {
		kind = service.Unauthorized
	}
	return service.Errorf(kind, "", "Access denied for '%s'", c.Caller.Name)
}

// String implements service.Policy.
func (p policy) String() string { return string(p) }

// onlyJSON demands the media type of JSON. The document lists the header for some operations.
func onlyJSON(c *service.Call) error {
	if strings.EqualFold(c.MediaType(), "application/json") {
		return nil
	}
	return service.Errorf(service.UnsupportedType, "", "Content-Type should be 'application/json'").RefusedBy("content type")
}

// jsonByQuirk demands the media type of JSON if a quirk is on.
func jsonByQuirk(quirk string) func(*service.Call) error {
	return func(c *service.Call) error {
		if !c.Quirk(quirk) {
			return nil
		}
		return onlyJSON(c)
	}
}
