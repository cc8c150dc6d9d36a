// Package check compares the behaviour of a client with what is expected, and writes the lines of
// the table.
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

// failure ends a part of the program. Main prints it.
type failure struct{ what, got, want string }

// Mode is the first argument: the part to run.
var Mode = os.Args[1]

// Control is the second argument: the address of the control API, without sandbox and proxy.
var Control = os.Args[2]

// Main runs the part that Mode names and exits: with 0, or with 1 and a line that says what
// failed.
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

// Report writes a line of the table.
func Report(format string, args ...any) {
	fmt.Println("report:", strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
}

// Same fails unless got equals want.
func Same(what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		panic(failure{what, fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want)})
	}
}

// Fits fails unless the regular expression matches the whole text.
func Fits(what, text, pattern string) {
	if !regexp.MustCompile(`(?s)\A(?:` + pattern + `)\z`).MatchString(text) {
		panic(failure{what, text, pattern})
	}
}

// OK fails if there is an error.
func OK(what string, err error) {
	if err != nil {
		panic(failure{what, err.Error(), "no error"})
	}
}

// Must fails if there is an error. It returns the value.
func Must[T any](value T, err error) T {
	OK(fmt.Sprintf("%T", value), err)
	return value
}

// Refused fails unless there is an error whose text matches the regular expression. It returns
// the text.
func Refused(what string, err error, pattern string) string {
	if err == nil {
		panic(failure{what, "no error", pattern})
	}
	Fits(what, err.Error(), pattern)
	return err.Error()
}

// Journal returns the exchanges of the default sandbox whose operation matches a glob, as
// "OPERATION STATUS".
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

// Send sends a request and returns status, headers and body. It sets X-Auth-Token unless token is
// empty.
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

// Token logs in to a Keystone as demo and returns the token.
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

// InSandbox returns the address with the sandbox's prefix before its path.
func InSandbox(address, name string) string {
	u := Must(url.Parse(address))
	u.Path = "/~" + name + u.Path
	return u.String()
}
