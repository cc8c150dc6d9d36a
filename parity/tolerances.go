package parity

import "regexp"

// What is not compared, each with its reason. Beside it, JSON bodies are compared as
// values: neither the order of members nor spaces and escapes count, because Python's
// json module, with which the servers write, and Standin differ in them by design. Of a
// reason phrase its letters count, not their case: flask, under keystone, shouts.

// ignoredHeaders are those of the server in front, or of the day.
var ignoredHeaders = map[string]string{
	"Connection":        "uwsgi closes every connection; Standin keeps them",
	"Content-Length":    "goes with the spaces of JSON",
	"Date":              "uwsgi sends none",
	"Transfer-Encoding": "how the body travels",
}

// listHeaders are those whose value is a list without an order.
var listHeaders = map[string]string{
	"Allow": "a set on the servers: the order is another after each start",
}

// wholeHeaders are those of which only the presence counts.
var wholeHeaders = map[string]string{
	"X-Subject-Token":        "<token>",
	"X-Openstack-Request-Id": "<request-id>",
}

// A pattern is something in texts that is never twice the same.
type pattern struct {
	name, placeholder string
	is                *regexp.Regexp
	reason            string
}

// patterns apply in this order, after the addresses of servers and after the ids that
// a story saved. What stands in the story's own file stays.
var patterns = []pattern{
	{"request id", "<request-id>", regexp.MustCompile(`req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "made for each request"},
	{"audit ids", `"audit_ids": ["<audit>"]`, regexp.MustCompile(`"audit_ids": ?\["[\w-]+"(, ?"[\w-]+")*\]`), "made for each token"},
	{"database", "Mysql operation failed (<driver>)", regexp.MustCompile(`Mysql operation failed \((?:[^"\\]|\\.)*`), "the words of a database's driver, with its SQL"},
	{"schema", "", regexp.MustCompile(`\\n\\nFailed validating (?:[^"\\]|\\.)*`), "keystone prints the whole schema behind what is wrong"},
	{"time", "", regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?`), "told by the exchange in which it passed, and the digits of its fraction"},
	{"seconds", `"$1": "<seconds>"`, regexp.MustCompile(`"(time_created)": ?\d{10}\b`), "a time as a number"},
	{"uuid", "<uuid>", regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "made by the server"},
	{"hex id", "<hex>", regexp.MustCompile(`\b[0-9a-f]{32}\b`), "made by the server"},
	{"fernet token", "<token>", regexp.MustCompile(`\bgAAAA[\w-]{20,}=*`), "made by the server"},
}

// unordered are servers whose lists come in the order of random ids, or of a set.
var unordered = map[string]bool{"keystone": true}

// sets are members of barbican's and freezer's bodies whose lists have no order.
var sets = map[string]string{
	"users": "a Python set on barbican: an ACL's users have another order after each start",
}
