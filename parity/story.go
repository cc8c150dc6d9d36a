// Package parity compares Standin with the real servers. Stories of exchanges are played on the
// real servers, and the responses are kept as recordings. The same stories are played on Standin,
// and its responses are compared with the recordings.
//
//	exchanges/SERVICE/STORY.yaml    the requests
//	recordings/SERVICE/STORY.json   the normalised responses of the real server
//
// The package is for tests. The emulator does not use it.
package parity

import (
	"cmp"
	"embed"
	"encoding/base64"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"standin/internal/file"
)

//go:embed exchanges
var files embed.FS

// A Story is a list of exchanges that share variables. It starts from a world that has only the
// identities of fixture.yaml.
type Story struct {
	Name   string `json:"-"` // for example "barbican/secrets"
	About  string `json:"about" fixture:"required"`
	Server string `json:"server"` // a name of Servers; default: the first part of Name

	Exchanges []Exchange `json:"exchanges" fixture:"required"`

	text string // the text of the file: ids and times in it are not replaced by placeholders
}

// An Exchange is one request. Path, headers and body may have variables:
//
//	${name}             what an earlier exchange saved
//	${name.id}          the last part of its path
//	${name.path}        its path
//	${base}             the address of the story's server
//	${id.NAME}          the id of a user or project
//	${as}               the caller
//	${repeat TEXT N}    TEXT, repeated N times
type Exchange struct {
	Name    string              `json:"name" fixture:"required"`
	Server  string              `json:"server"`  // default: the story's
	As      string              `json:"as"`      // the user whose token is sent; empty: no token
	AsEach  []string            `json:"as_each"` // one exchange for each of these users
	Each    map[string][]string `json:"each"`    // one exchange for each value of a variable
	Method  string              `json:"method"`  // default GET
	Path    string              `json:"path" fixture:"required"`
	Headers map[string]string   `json:"headers"`
	JSON    string              `json:"json"`    // a body, sent as application/json
	Body    string              `json:"body"`    // a body, sent without a Content-Type
	Base64  string              `json:"base64"`  // a body that is not text
	Chunked bool                `json:"chunked"` // send the body without Content-Length
	Save    map[string]string   `json:"save"`    // maps a variable to "/a/pointer" into the body, or to the name of a header
	Quirks  []string            `json:"quirks"`  // the quirks because of which the documented profile differs
	Differs string              `json:"differs"` // why Standin differs in every profile

	entry int // index of the entry in the file
}

// Stories returns the stories of a service, sorted by name. An empty service means all.
func Stories(service string) ([]Story, error) {
	var all []Story
	err := fs.WalkDir(files, path.Join("exchanges", service), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		s, err := read(name)
		all = append(all, s)
		return err
	})
	return all, err
}

// Named reports whether a story is named by one of the words, by its own name or its service.
// Without words, every story is.
func Named(story string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return story == w || strings.HasPrefix(story, w+"/") })
}

func read(name string) (Story, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return Story{}, err
	}
	n, err := file.Parse("parity/"+name, text)
	if err != nil {
		return Story{}, err
	}
	s := Story{text: string(text)}
	if err := n.Decode(&s); err != nil {
		return Story{}, err
	}
	s.Name = strings.TrimSuffix(strings.TrimPrefix(name, "exchanges/"), ".yaml")
	if s.Server == "" {
		s.Server, _, _ = strings.Cut(s.Name, "/")
	}
	var all []Exchange
	seen := map[string]bool{}
	for i, x := range s.Exchanges {
		for _, one := range x.expand(s.Server) {
			if seen[one.Name] {
				return Story{}, n.At("exchanges", i, "name").Errorf("there are two exchanges %q", one.Name)
			}
			seen[one.Name] = true
			one.entry = i
			all = append(all, one)
		}
	}
	s.Exchanges = all
	return s, nil
}

// expand returns the exchanges of as_each and each, with the story's server.
func (x Exchange) expand(server string) []Exchange {
	x.Server = cmp.Or(x.Server, server)
	all := []Exchange{x}
	if len(x.AsEach) > 0 {
		all = nil
		for _, as := range x.AsEach {
			one := x
			one.As, one.Name = as, x.Name+" as "+as
			all = append(all, one)
		}
	}
	for _, variable := range slices.Sorted(maps.Keys(x.Each)) {
		var next []Exchange
		for _, one := range all {
			for _, v := range x.Each[variable] {
				next = append(next, one.with(variable, v))
			}
		}
		all = next
	}
	for i := range all {
		all[i] = all[i].with("as", all[i].As)
	}
	return all
}

// with returns the exchange with a variable replaced by a value.
func (x Exchange) with(variable, v string) Exchange {
	put := func(text string) string { return strings.ReplaceAll(text, "${"+variable+"}", v) }
	if variable != "as" && !strings.Contains(x.Name, "${"+variable+"}") {
		x.Name += " " + strconv.Quote(v)
	}
	x.Name, x.Method, x.Path, x.JSON, x.Body = put(x.Name), put(x.Method), put(x.Path), put(x.JSON), put(x.Body)
	headers, save := map[string]string{}, map[string]string{}
	for name, value := range x.Headers {
		headers[name] = put(value)
	}
	for name, from := range x.Save {
		save[put(name)] = put(from)
	}
	x.Headers, x.Save = headers, save
	return x
}

// String returns the request line of the exchange and its caller.
func (x Exchange) String() string {
	text := x.method() + " " + x.Path
	if x.As != "" {
		text += " as " + x.As
	}
	return text
}

func (x Exchange) method() string {
	if x.Method == "" {
		return "GET"
	}
	return x.Method
}

// sent returns the body. It reports whether there is one.
func (x Exchange) sent() (string, bool) {
	if x.JSON != "" {
		return x.JSON, true
	}
	if x.Base64 != "" {
		text, err := base64.StdEncoding.DecodeString(x.Base64)
		return string(text), err == nil
	}
	return x.Body, x.Body != ""
}
