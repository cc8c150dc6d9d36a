package devops

import "testing"

// Ensure preferred returns the range that Sinatra 1.4.3 sorts first.
func TestPreferred(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                                    "",
		"*/*":                                 "*/*",
		"application/json":                    "application/json",
		"application/json;q=0":                "application/json",
		"application/json; charset=utf-8":     "application/json",
		"application/json, text/plain, */*":   "application/json",
		"*/*, application/json":               "application/json",
		"text/html, application/json":         "text/html",
		"text/html, application/json;q=0.5":   "text/html",
		"text/html;q=0.5, application/json":   "application/json",
		"text/html, application/json;v=1":     "application/json",
		"application/*, application/json;q=1": "application/json",
	} {
		if got := preferred(accept); got != want {
			t.Errorf("%s: got %q, want %q", accept, got, want)
		}
	}
}
