// Package check holds what a client shows to what is expected, and writes the
// lines of the table.
package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
)

// failure ends a part; Main prints it.
type failure struct{ what, got, want string }

// Mode is the program's first argument: which part is to be run.
var Mode = os.Args[1]

// Control is the program's second argument: where the control API is without
// sandbox and proxy.
var Control = os.Args[2]

// Main runs the part that Mode names and ends the program: with 0, or with 1 and
// a line of what was wrong.
func Main(parts map[string]func()) {
	defer func() {
		if f, ok := recover().(failure); ok {
			fmt.Fprintf(os.Stderr, "FAILED %s\n  got:  %s\n  want: %s\n", f.what, f.got, f.want)
			Report("%s: got %s", f.what, f.got)
			os.Exit(1)
		}
	}()
	name := Mode
	switch name {
	case "sandbox", "proxy", "tls":
		name = "plain"
	}
	part := parts[name]
	if part == nil {
		panic(failure{"the mode", Mode, "a mode that the program has"})
	}
	part()
}

// Report writes a line for the table.
func Report(format string, args ...any) {
	fmt.Println("report:", strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
}

// Same holds got to want.
func Same(what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		panic(failure{what, fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want)})
	}
}

// Fits holds text to a regular expression, from beginning to end.
func Fits(what, text, pattern string) {
	if !regexp.MustCompile(`(?s)\A(?:` + pattern + `)\z`).MatchString(text) {
		panic(failure{what, text, pattern})
	}
}

// OK expects that there is no error.
func OK(what string, err error) {
	if err != nil {
		panic(failure{what, err.Error(), "no error"})
	}
}

// Must expects that there is no error and returns the value.
func Must[T any](value T, err error) T {
	OK(fmt.Sprintf("%T", value), err)
	return value
}

// Refused expects an error whose text fits the regular expression, and returns
// the text.
func Refused(what string, err error, pattern string) string {
	if err == nil {
		panic(failure{what, "no error", pattern})
	}
	Fits(what, err.Error(), pattern)
	return err.Error()
}

// Journal returns the exchanges of the default sandbox with the operation, a glob,
// as "OPERATION STATUS".
func Journal(operation string) []string {
	resp, err := http.Get(Control + "/_standin/requests?operation=" + url.QueryEscape(operation))
	OK("the journal", err)
	defer resp.Body.Close()
	var told struct {
		Requests []struct {
			Operation string
			Reply     struct{ Status int }
		}
	}
	OK("the journal", json.NewDecoder(resp.Body).Decode(&told))
	found := []string{}
	for _, e := range told.Requests {
		found = append(found, fmt.Sprintf("%s %d", e.Operation, e.Reply.Status))
	}
	return found
}

// Send sends a request, with an X-Auth-Token unless it is empty, and returns
// status, headers and body.
func Send(method, address, token, body string) (int, http.Header, string) {
	req := Must(http.NewRequest(method, address, bytes.NewBufferString(body)))
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("X-Auth-Token", token)
		req.Header.Set("X-Subject-Token", token)
	}
	resp, err := http.DefaultClient.Do(req)
	OK("a request", err)
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header, string(Must(io.ReadAll(resp.Body)))
}

// Token logs demo in at a Keystone and returns the token.
func Token(authURL string) string {
	status, header, body := Send(http.MethodPost, authURL+"/auth/tokens", "", `{"auth": {
		"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "demo", "domain": {"name": "Default"}}}},
		"scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}`)
	if status != http.StatusCreated {
		panic(failure{"a login", body, "201"})
	}
	return header.Get("X-Subject-Token")
}

// Revoked returns a token of demo that has been revoked.
func Revoked(authURL string) string {
	token := Token(authURL)
	status, _, _ := Send(http.MethodDelete, authURL+"/auth/tokens", token, "")
	Same("revoking a token", status, http.StatusNoContent)
	return token
}

// InSandbox returns the address with the sandbox's prefix in front of its path.
func InSandbox(address, name string) string {
	u := Must(url.Parse(address))
	u.Path = "/~" + name + u.Path
	return u.String()
}
