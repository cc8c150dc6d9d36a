package parity

import "regexp"

// The parts of responses that are not compared, each with a reason. In addition, JSON bodies are
// compared as values. The order of members, blanks and escapes are ignored: Python's json module
// writes them differently. The case of reason phrases is ignored, because flask, on which
// keystone runs, writes them in upper case.

// ignoredHeaders depend on the front server or the time.
var ignoredHeaders = map[string]string{
	"Connection":        "uwsgi closes every connection; Standin keeps them",
	"Content-Length":    "goes with the spaces of JSON",
	"Date":              "uwsgi sends none",
	"Transfer-Encoding": "how the body travels",
}

// listHeaders have a list without an order as their value.
var listHeaders = map[string]string{
	"Allow": "a set on the servers: the order is another after each start",
}

// wholeHeaders must be present; their values are not compared.
var wholeHeaders = map[string]string{
	"X-Subject-Token":        "<token>",
	"X-Openstack-Request-Id": "<request-id>",
}

// A pattern matches text that changes each time.
type pattern struct {
	name, placeholder string
	is                *regexp.Regexp
	reason            string
}

// patterns are applied in this order, after the addresses of servers and the ids that a story
// saved. Text that is in the story's own file is not replaced.
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

// unordered are servers whose lists have the order of random ids, or of a set.
var unordered = map[string]bool{"keystone": true}

// sets are members of barbican's and freezer's bodies whose lists have no order.
var sets = map[string]string{
	"users": "a Python set on barbican: an ACL's users have another order after each start",
}
