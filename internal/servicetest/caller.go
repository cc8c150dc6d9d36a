package servicetest

import (
	"net/http"
	"strings"
	"testing"

	"standin/internal/value"
)

// A Caller sends requests through a Player, with its own headers.
type Caller struct {
	*Player
	Header map[string]string
}

// Send sends a request. It returns the response and the JSON value of its body, which is nil
// if the body is empty or is not JSON.
func (c Caller) Send(method, path, body string) (*http.Response, any) {
	c.t.Helper()
	req, err := http.NewRequest(method, origin+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, v := range c.Header {
		req.Header.Set(name, v)
	}
	resp, text := c.Do(req)
	if len(text) == 0 || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return resp, nil
	}
	return resp, Parse(c.t, text)
}

// Expect sends a request and fails the test if the response has another status. It returns the
// JSON value of the body, as Send does.
func (c Caller) Expect(status int, method, path, body string) any {
	c.t.Helper()
	resp, v := c.Send(method, path, body)
	if resp.StatusCode != status {
		c.t.Errorf("%s %s %s: %d %s, want %d", method, path, body, resp.StatusCode, value.Append(nil, v), status)
	}
	return v
}

// With returns a copy of the caller with one header added or replaced.
func (c Caller) With(name, v string) Caller {
	header := map[string]string{name: v}
	for n, old := range c.Header {
		if n != name {
			header[n] = old
		}
	}
	c.Header = header
	return c
}

// At returns the value at a JSON pointer: a string as it is, another value as JSON. It ends the
// test if there is none.
func At(t *testing.T, v any, pointer string) string {
	t.Helper()
	found, ok := value.At(v, pointer)
	if !ok {
		t.Fatalf("no %s in %s", pointer, value.Append(nil, v))
	}
	if s, ok := found.(string); ok {
		return s
	}
	return string(value.Append(nil, found))
}

// Parse returns the JSON value of a text. It ends the test if the text is not JSON.
func Parse(t *testing.T, text []byte) any {
	t.Helper()
	v, err := value.Parse(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}
