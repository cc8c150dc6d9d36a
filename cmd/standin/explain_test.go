package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"standin/internal/explain"
)

// Ensure standin explain and standin report unread print text and JSON, of the sandbox that is
// asked for.
func TestExplain(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, "--control-token", "secret")
	fetch(t, url+"/~box/v1/clients?limt=1")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"explain", "1", "--sandbox", "box"}, 0, "unread      query limt, did you mean \"limit\"?"},
		{[]string{"explain", "1", "--url", url + "/~box"}, 0, "box: the path begins with /~NAME"},
		{[]string{"explain", "1", "--sandbox", "other", "--url", url + "/~box"}, 1, "--url selects sandbox box, but --sandbox is other"},
		{[]string{"explain", "1", "--sandbox", "bix"}, 1, `did you mean "box"?`},
		{[]string{"explain", "2", "--sandbox", "box"}, 1, "No request 2; the newest is 1."},
		{[]string{"explain", "1"}, 1, "No request 1; the newest is 0."},
		{[]string{"explain", "x"}, 2, `"x": expected the number of an exchange, from 1`},
		{[]string{"explain", "0"}, 2, `"0": expected the number of an exchange, from 1`},
		{[]string{"explain"}, 2, "number"},
		{[]string{"explain", "1", "--format", "html"}, 2, "--format"},
		{[]string{"report", "unread"}, 0, "     1  freezer.clients.list  query limt, did you mean \"limit\"?\n1 of 1 requests were searched."},
		{[]string{"report"}, 2, "unread"},
	} {
		code, out, errOut := command(t, slices.Concat(tt.args, flags(tt.args, url))...)
		if code != tt.code || !strings.Contains(out+errOut, tt.want) {
			t.Errorf("%q: %d\n%s%s\nwant %d %s", tt.args, code, out, errOut, tt.code, tt.want)
		}
	}
	_, out, _ := command(t, "explain", "1", "--url", url+"/~box", "--token", "secret", "--format", "json")
	var x explain.Explanation
	if err := json.Unmarshal([]byte(out), &x); err != nil || x.Operation.ID != "freezer.clients.list" || len(x.Unread) != 1 {
		t.Errorf("%v: %s", err, out)
	}
	_, out, _ = command(t, "report", "unread", "--url", url, "--token", "secret", "--format", "json")
	var r explain.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Unread) != 1 || r.Unread[0].Nearest != "limit" {
		t.Errorf("%v: %s", err, out)
	}
}

// flags are the flags by which a command finds the emulator, unless it has them.
func flags(args []string, url string) []string {
	if len(args) < 2 {
		return nil
	}
	more := []string{"--token", "secret"}
	if slices.Contains(args, "--url") {
		return more
	}
	return append(more, "--url", url)
}
