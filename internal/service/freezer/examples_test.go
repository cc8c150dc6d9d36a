package freezer_test

import (
	"testing"

	"standin/internal/servicetest"
)

// Ensure operations that respond with examples require a token, a role and JSON.
func TestExamples(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "GET", Path: "/v1/jobs", Caller: "none", Status: 401},
		{Method: "GET", Path: "/v1/jobs", Caller: "expired", Status: 401},
		{Method: "GET", Path: "/v1/jobs", Caller: "nobody", Status: 403},
		{Method: "GET", Path: "/v1/jobs/", Caller: "reader", Status: 200, Want: has(`{"jobs":[{"job_id":`)},
		{Method: "POST", Path: "/v1/jobs", Body: `{"job_actions":[]}`, Caller: "reader", Status: 403},
		{Method: "POST", Path: "/v1/jobs", Body: `{"job_actions":[`, Status: 753},
		{Method: "POST", Path: "/v1/jobs", Status: 400, Want: has("'job_actions' is a required property")},
		{Method: "POST", Path: "/v1/sessions", Body: "{}", Status: 400, Want: has("Missing request body")},
		{Method: "PATCH", Path: "/v1/jobs/j", Status: 200},
		{Method: "PATCH", Path: "/v1/jobs/j", Body: "{", Status: 753},
		{Method: "PUT", Path: "/v1/sessions/s/jobs/j", Status: 204},
		{Method: "PATCH", Path: "/v1/backups/b", Status: 405},
	})
}

// Ensure freezer-scheduler gets an empty list of jobs. Ensure the list checks its query and
// search.
func TestSchedulerPolls(t *testing.T) {
	t.Parallel()
	const jobs = "/v2/b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f/jobs"
	const poll = `{"match":[{"client_id":"h"},{"status":"scheduled"}]}`
	servicetest.Tell(t, "freezer", "default", []step{
		{Method: "GET", Path: jobs + "/?limit=512&offset=0", Body: poll, Status: 200, Want: has(`{"jobs":[]}`)},
		{Method: "GET", Path: "/backup" + jobs, Body: poll, Caller: "reader", Status: 200, Want: has(`{"jobs":[]}`)},
		{Method: "GET", Path: jobs, Caller: "none", Status: 401},
		{Method: "GET", Path: jobs, Caller: "nobody", Status: 403},
		{Method: "GET", Path: jobs + "?offset=y", Status: 400, Want: has(`The \"offset\"`)},
		{Method: "GET", Path: jobs + "?limit=9223372036854775808", Status: 400, Want: has(`The \"limit\"`)},
		{Method: "GET", Path: jobs, Body: `{"match":{"a":1}}`, Status: 400, Want: has("is not of type 'array'")},
		{Method: "GET", Path: jobs, Body: "{", Status: 753},
		{Method: "POST", Path: jobs, Body: "{}", Status: 405},
	})
}
