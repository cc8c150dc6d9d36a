package freezer

import (
	"standin/internal/service"
	"standin/internal/service/openstack"
)

// exampleOperations respond with their documented examples. They still check token, role and body
// (freezer/neighbours.yaml: "create no JSON").
var exampleOperations = []service.Operation{
	{ID: "freezer.backups.list", Policy: reading},
	{ID: "freezer.backups.create", Policy: writing, Reads: object(missingBody)},
	{ID: "freezer.backups.show", Policy: reading},
	{ID: "freezer.backups.delete", Policy: writing},

	{ID: "freezer.jobs.list", Policy: reading},
	{ID: "freezer.jobs.create", Policy: writing, Reads: object(openstack.Required("job_actions"))},
	{ID: "freezer.jobs.show", Policy: reading},
	{ID: "freezer.jobs.update", Policy: writing, Reads: change},
	{ID: "freezer.jobs.replace", Policy: writing, Reads: object(openstack.Required("job_actions"))},
	{ID: "freezer.jobs.delete", Policy: writing},
	{ID: "freezer.jobs.signal", Policy: writing, Reads: object("Bad event request format")},

	{ID: "freezer.sessions.list", Policy: reading},
	{ID: "freezer.sessions.create", Policy: writing, Reads: object(missingBody)},
	{ID: "freezer.sessions.show", Policy: reading},
	{ID: "freezer.sessions.update", Policy: writing, Reads: change},
	{ID: "freezer.sessions.replace", Policy: writing, Reads: object(missingBody)},
	{ID: "freezer.sessions.delete", Policy: writing},
	{ID: "freezer.sessions.add-job", Policy: writing},
	{ID: "freezer.sessions.remove-job", Policy: writing},
	{ID: "freezer.sessions.act", Policy: writing, Reads: object("Bad action request format")},

	{ID: "freezer.actions.list", Policy: reading},
	{ID: "freezer.actions.create", Policy: writing, Reads: object(missingBody)},
	{ID: "freezer.actions.show", Policy: reading},
	{ID: "freezer.actions.update", Policy: writing, Reads: change},
	{ID: "freezer.actions.replace", Policy: writing, Reads: object(openstack.Required("freezer_action"))},
	{ID: "freezer.actions.delete", Policy: writing},
}

// object returns a check for a non-empty JSON object as body. missing is the error for an empty
// body (freezer/neighbours.yaml: "create empty").
func object(missing string) func(*service.Call) error {
	return func(c *service.Call) error {
		_, err := parseObject(c, missing)
		return err
	}
}

// change is the check of the body of a PATCH, which may be empty.
func change(c *service.Call) error {
	if !c.HasLength {
		return nil
	}
	_, err := parseObject(c, missingBody)
	return err
}
