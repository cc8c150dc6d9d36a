package privx_test

import (
	"fmt"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/value"
)

// Ensure a search reads parameters from the query that its body does not have. Ensure numbers of
// any size are read, and wrong types are refused.
func TestPaging(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	const found, huge = 200, "9223372036854775808"
	for _, c := range []struct {
		query, body string
		status      int
		want        string // the names of the page, or the code of the error
	}{
		{"limit=1", `{"limit":null}`, found, "terraform"},
		{"limit=1&offset=1", `{"limit":null,"offset":null}`, found, "log collector"},
		{"limit=1&sortkey=name", `{"sortkey":"","sortdir":""}`, found, "log collector"},
		{"sortkey=name&sortdir=DESC", `{"sortkey":null,"sortdir":""}`, found, "terraform,log collector"},
		{"limit=1", `{"limit":""}`, found, "terraform"},
		{"limit=1", `{"limit":2}`, found, "terraform,log collector"},
		{"limit=2", `{"limit":0}`, found, ""},
		{"", `{"limit":"1"}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"offset":"1"}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"sortkey":1}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"limit":1.0}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"limit":true}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"limit":` + huge + `}`, found, "terraform,log collector"},
		{"", `{"limit":` + huge + `,"offset":1}`, found, "log collector"},
		{"limit=" + huge, ``, found, "terraform,log collector"},
		{"offset=" + huge, ``, found, ""},
		{"offset=9223372036854775807&limit=9223372036854775807", ``, found, ""},
		{"limit=" + strings.Repeat("9", 5000), ``, found, "terraform,log collector"},
		{"limit=-" + huge, ``, 400, "VALUE_OUT_OF_BOUNDS"},
		{"limit=-" + strings.Repeat("9", 5000), ``, 400, "VALUE_OUT_OF_BOUNDS"},
		{"limit=" + strings.Repeat("x", 5000), ``, 400, "VALUE_INCORRECT_TYPE"},
	} {
		v := admin.Expect(c.status, "POST", apiClients+"/search?"+c.query, c.body)
		if c.status != found {
			if got := at(t, v, "/details/0/error_code"); got != c.want {
				t.Errorf("%s %s: %s, want %s", c.query, c.body, got, c.want)
			}
			continue
		}
		var names []string
		for i := range 2 {
			if name, ok := value.At(v, fmt.Sprintf("/items/%d/name", i)); ok {
				names = append(names, name.(string))
			}
		}
		if got := strings.Join(names, ","); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.query, c.body, got, c.want)
		}
	}
	v := admin.Expect(400, "GET", roleStore+"?limit="+huge, "")
	if got := at(t, v, "/details/0/error_message"); got != "Expected an integer of 1000 or less." {
		t.Errorf("a huge limit of roles: %s", got)
	}
}
