package freezer

import (
	"net/http"

	"standin/internal/service"
)

// jobOperations are about jobs.
var jobOperations = []service.Operation{
	{ID: "freezer.v2-jobs.list", Do: listJobs, Policy: reading},
}

// listJobs answers GET /v2/{project_id}/jobs, which freezer-scheduler polls: there are
// none. It looks at the query and the search as the list of clients does.
func listJobs(c *service.Call) (service.Reply, error) {
	p, marker, err := readNumbers(c)
	switch {
	case err != nil:
		return service.Reply{}, err
	case marker != "": // no job has an id
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
