// Package parity proves that Standin answers as the real servers do: stories of
// exchanges, kept as data, are played against the real servers, whose answers are
// kept as recordings, and against Standin, whose answers are compared with them.
//
//	exchanges/SERVICE/STORY.yaml    what is asked
//	recordings/SERVICE/STORY.json   what the real server answered, normalised
//
// The package is for tests; the emulator does not use it.
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

// A Story is a list of exchanges that share variables. It starts from a world in
// which nothing is but the identities of fixture.yaml.
type Story struct {
	Name   string `json:"-"` // "barbican/secrets"
	About  string `json:"about" fixture:"required"`
	Server string `json:"server"` // of Servers; the name's first part if empty

	Exchanges []Exchange `json:"exchanges" fixture:"required"`

	text string // of the file: ids and times that stand in it are no surprise in an answer
}

// An Exchange is one request. `${name}` stands, in path, headers and body, for what
// an exchange before saved, `${name.id}` for the last part of its path, `${name.path}`
// for its path; `${base}` for the address of the story's server; `${id.NAME}` for the
// id of a user or project; `${as}` for the caller; `${repeat TEXT N}` for N times the
// text.
type Exchange struct {
	Name    string              `json:"name" fixture:"required"`
	Server  string              `json:"server"`  // in place of the story's
	As      string              `json:"as"`      // the user whose token goes along; empty: none
	AsEach  []string            `json:"as_each"` // one exchange for each of these users
	Each    map[string][]string `json:"each"`    // one exchange for each value of a variable
	Method  string              `json:"method"`  // GET if empty
	Path    string              `json:"path" fixture:"required"`
	Headers map[string]string   `json:"headers"`
	JSON    string              `json:"json"`    // a body, sent as application/json
	Body    string              `json:"body"`    // a body, sent as it is
	Base64  string              `json:"base64"`  // a body that is no text
	Chunked bool                `json:"chunked"` // the body goes without Content-Length
	Save    map[string]string   `json:"save"`    // variable: "/a/pointer" into the body, or a header's name
	Quirks  []string            `json:"quirks"`  // why the documented profile answers otherwise
	Differs string              `json:"differs"` // why Standin answers otherwise in every profile

	entry int // which of the file's entries made it
}

// Stories reads the stories of a service, or all of them for the empty name, in the
// order of their names.
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

// Named tells whether a story is one of those that the words name, by its own name or
// its service's. No words name all.
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

// expand makes the exchanges that as_each and each ask for, with the story's server.
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

// with is the exchange with a value in the place of a variable.
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

// String is the exchange's request line, and who sends it.
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

// sent is the body, and whether there is one.
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
