package openstack_test

import (
	"net/http"
	"testing"

	"standin/internal/service/openstack"
)

// Ensure that a page has the bytes of webob in each form.
func TestPage(t *testing.T) {
	t.Parallel()
	page := openstack.Page{Explanation: "It's down.", Detail: "Keystone <1>"}
	for accept, want := range map[string]string{
		"text/html":                           "<html>\n <head>\n  <title>503 Service Unavailable</title>\n </head>\n <body>\n  <h1>503 Service Unavailable</h1>\n  It&#x27;s down.<br /><br />\nKeystone &lt;1&gt;\n\n\n </body>\n</html>",
		"text/html;q=0.1, application/json":   `{"message":"It's down.<br /><br />\nKeystone <1>\n\n","code":"503 Service Unavailable","title":"Service Unavailable"}`,
		"image/png":                           "503 Service Unavailable\n\nIt's down.\n\n Keystone <1>  ",
		"":                                    "503 Service Unavailable\n\nIt's down.\n\n Keystone <1>  ",
		"application/json, text/html;level=1": "<html>\n <head>\n  <title>503 Service Unavailable</title>\n </head>\n <body>\n  <h1>503 Service Unavailable</h1>\n  It&#x27;s down.<br /><br />\nKeystone &lt;1&gt;\n\n\n </body>\n</html>",
	} {
		if got := string(page.Reply(http.StatusServiceUnavailable, openstack.FormFor(accept)).Body); got != want {
			t.Errorf("%q:\n got %q\nwant %q", accept, got, want)
		}
	}
}
