package export

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"standin/emulator/journal"
)

// Ensure a shell reads every quoted text as it was.
func TestQuote(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	texts := []string{"", "plain", "it's", `a "b" \ c`, "$(id) `id` $HOME !x", "two\nlines", "tab\there", "\x1b[31m", "\x7f", "é 中 \u200b", "\xff\xfe", `\n`, "'\x01'"}
	for _, text := range texts {
		got, err := exec.CommandContext(t.Context(), shell, "-c", "printf %s "+quote(text)).Output()
		if err != nil || string(got) != text {
			t.Errorf("%q is quoted as %s, which the shell reads as %q (%v)", text, quote(text), got, err)
		}
	}
}

// Ensure curl sends what the entry says.
func TestCurlSendsTheSame(t *testing.T) {
	t.Parallel()
	shell, err1 := exec.LookPath("bash")
	_, err2 := exec.LookPath("curl")
	if err1 != nil || err2 != nil {
		t.Skip("bash or curl is not installed")
	}
	type received struct {
		*http.Request
		body string
	}
	requests := make(chan received, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- received{r, string(body)}
	}))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	for _, r := range []journal.Request{
		{Method: "GET", Path: "/v1/clients", Query: "limit=1&x={a}[1]&y=%20"},
		{Method: "HEAD", Path: "/v1"},
		{Method: "POST", Path: "/v1/a//../b c", Body: journal.Body{Text: "it's\n@file"}},
		{Method: "POST", Path: "/v1/empty"},
		{Method: "PUT", Path: "/v1/x", Body: journal.Body{Base64: "AP8Q", Size: 3}},
		{Method: "DELETE", Path: "/v1/x", Body: journal.Body{Text: "{}"}},
		{Method: "GET", Path: "/v1/x", Body: journal.Body{Text: "{}"}},
		{Method: "POST", Path: "/v1/file", Body: journal.Body{Text: "@/etc/hostname"}},
		{Method: "POST", Path: "/v1/nul", Body: journal.Body{Text: "a\x00b"}},
		{Method: "POST", Path: "/v1/plain", Body: journal.Body{Text: "{}"}, Headers: map[string][]string{"Host": {host}}},
	} {
		plain := r.Headers != nil
		if !plain {
			r.Headers = map[string][]string{"Host": {host}, "X-Two": {"a", "b'c"}, "X-Empty": {""}, "Content-Type": {"text/x"}, "User-Agent": {"me"}}
		}
		command := Curl(&journal.Entry{Request: r})
		if out, err := exec.CommandContext(t.Context(), shell, "-c", strings.Replace(command, "curl ", "curl -sS --max-time 20 ", 1)).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", command, err, out)
		}
		got, want := <-requests, r.Text
		if r.Base64 != "" {
			want = "\x00\xff\x10"
		}
		if got.Method != r.Method || got.URL.Path != r.Path || got.URL.RawQuery != r.Query || got.body != want {
			t.Errorf("%s: sent %s %s %q with %q", command, got.Method, got.URL.Path, got.URL.RawQuery, got.body)
		}
		if h := got.Header; plain {
			if h["Content-Type"] != nil || h["Accept"] != nil || h["User-Agent"] != nil {
				t.Errorf("%s: curl added headers: %v", command, h)
			}
		} else if strings.Join(h["X-Two"], " ") != "a b'c" || h["X-Empty"] == nil || h.Get("Content-Type") != "text/x" || h.Get("User-Agent") != "me" {
			t.Errorf("%s: the headers are %v", command, h)
		}
	}
}

// Ensure the URL is that of the client, also behind a proxy and over TLS.
func TestTarget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path    string
		tls     bool
		headers map[string][]string
		want    string
	}{
		{"/v1", false, map[string][]string{"Host": {"a:1"}}, "http://a:1/v1"},
		{"/v1", true, map[string][]string{"Host": {"a:1"}}, "https://a:1/v1"},
		{"/v1", false, map[string][]string{"Host": {"a:1"}, "X-Forwarded-Proto": {"https, http"}, "X-Forwarded-Host": {"b"}, "X-Forwarded-Prefix": {"/cloud/"}}, "https://b/cloud/v1"},
		{"*", false, nil, "http://localhost/%2A"},
		{"/etc/hostname", false, map[string][]string{"Host": {"localhost"}, "X-Forwarded-Proto": {"file"}}, "http://localhost/etc/hostname"},
		{"/x", true, map[string][]string{"Host": {"a"}, "X-Forwarded-Proto": {"-o/tmp/x"}}, "https://a/x"},
		{"/x", false, map[string][]string{"Host": {"[::1]:80"}, "X-Forwarded-Host": {"a b<c>"}, "X-Forwarded-Prefix": {"//evil"}}, "http://[::1]:80/x"},
		{"/x", false, map[string][]string{"Host": {"u:p@h"}}, "http://localhost/x"},
	} {
		if got := target(&journal.Request{Path: tt.path, Headers: tt.headers}, tt.tls); got != tt.want {
			t.Errorf("got %s, expected %s", got, tt.want)
		}
	}
}

// Ensure a command says what it does not send.
func TestCurlOfOddBodies(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{"POST": "# The journal holds only the beginning of the body, which has 20000 bytes.\ncurl ", "HEAD": "# curl sends no body with HEAD.\n"} {
		r := journal.Request{Method: method, Path: "/", Body: journal.Body{Text: "x", Size: 20000}}
		if method == "POST" {
			r.SHA256 = "ab"
		}
		if command := Curl(&journal.Entry{Request: r}); !strings.HasPrefix(command, want) {
			t.Error(command)
		}
	}
}
