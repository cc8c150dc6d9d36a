package freezer

import (
	"net/http"

	"standin/internal/service"
)

// jobOperations are the operations on jobs.
var jobOperations = []service.Operation{
	{ID: "freezer.v2-jobs.list", Do: listJobs, Policy: reading},
}

// listJobs handles GET /v2/{project_id}/jobs, which freezer-scheduler polls. The list is always
// empty. Query and search are checked as in the list of clients
// (freezer/v2-jobs.yaml: "a query").
func listJobs(c *service.Call) (service.Reply, error) {
	p, marker, err := readNumbers(c)
	switch {
	case err != nil:
		return service.Reply{}, err
	case marker != "": // there is no job that a marker could name
		return service.Reply{}, notAnInteger("offset")
	}
	s, err := parseSearch(c)
	switch {
	case err != nil:
		return service.Reply{}, err
	case s == nil && p.tooLarge:
		return service.Reply{}, databaseOverflow()
	}
	return service.JSON(http.StatusOK, []byte(`{"jobs":[]}`)), nil
}
