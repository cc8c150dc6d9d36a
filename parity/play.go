package parity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"standin/internal/value"
)

// Servers maps names that stories use to base URLs without a trailing slash. The names are
// keystone, barbican, barbican-scoped (enforce_new_defaults), freezer, freezer-v2.
type Servers map[string]string

// project returns the project in which a user of fixture.yaml has roles.
func project(user string) string {
	if user == "stranger" {
		return "elsewhere"
	}
	return "demo"
}

// A Player plays one story. It is used once.
type Player struct {
	servers Servers
	story   Story
	now     func() time.Time
	vars    map[string]string
	tokens  map[string]string
	windows []window
}

// A window is the time during which an exchange took place.
type window struct {
	name       string
	begin, end time.Time
}

// NewPlayer returns a player. now is the clock of the servers. Times in responses are replaced by
// the exchange during which they were.
func NewPlayer(servers Servers, story Story, now func() time.Time) *Player {
	return &Player{
		servers: servers, story: story, now: now,
		vars: map[string]string{"base": servers[story.Server]}, tokens: map[string]string{},
	}
}

// Play sends the story's requests in order. It returns the normalised responses.
func (p *Player) Play(ctx context.Context) ([]Answer, error) {
	var all []Answer
	for _, x := range p.story.Exchanges {
		if p.servers[x.Server] == "" {
			return nil, fmt.Errorf("%s, %s: there is no server %q", p.story.Name, x.Name, x.Server)
		}
		filled, err := p.fill(ctx, x)
		if err != nil {
			return all, fmt.Errorf("%s, %s: %w", p.story.Name, x.Name, err)
		}
		token, err := p.token(ctx, x.As)
		if err != nil {
			return all, fmt.Errorf("%s, %s: %w", p.story.Name, x.Name, err)
		}
		begin := p.now().Truncate(time.Microsecond)
		r, err := send(ctx, p.servers[x.Server], filled, token)
		if err != nil {
			return all, fmt.Errorf("%s, %s: %w", p.story.Name, x.Name, err)
		}
		p.windows = append(p.windows, window{x.Name, begin, p.now()})
		p.save(x, r)
		all = append(all, p.answer(x, r))
	}
	return all, nil
}

// token returns a token of a user. It logs in once for each story.
func (p *Player) token(ctx context.Context, user string) (string, error) {
	if user == "" || p.tokens[user] != "" {
		return p.tokens[user], nil
	}
	const form = `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":%q,"domain":{"id":"default"},"password":%q}}},` +
		`"scope":{"project":{"name":%q,"domain":{"id":"default"}}}}}`
	login := Exchange{Method: "POST", Path: "/v3/auth/tokens", JSON: fmt.Sprintf(form, user, user, project(user))}
	r, err := send(ctx, p.servers["keystone"], login, "")
	if err != nil {
		return "", err
	}
	if r.status != http.StatusCreated {
		return "", fmt.Errorf("login of %s: %d %s", user, r.status, r.body)
	}
	var body struct {
		Token struct{ User, Project struct{ ID string } }
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		return "", err
	}
	p.vars["id."+user] = body.Token.User.ID
	p.vars["id."+project(user)] = body.Token.Project.ID
	p.tokens[user] = r.header.Get("X-Subject-Token")
	return p.tokens[user], nil
}

var (
	variable = regexp.MustCompile(`\$\{([a-z][\w.-]*)\}`)
	repeated = regexp.MustCompile(`\$\{repeat (\S+) (\d+)\}`)
)

// fill replaces the variables in an exchange.
func (p *Player) fill(ctx context.Context, x Exchange) (Exchange, error) {
	var problems []error
	fill := func(text string) string {
		text = repeated.ReplaceAllStringFunc(text, func(m string) string {
			parts := repeated.FindStringSubmatch(m)
			n, _ := strconv.Atoi(parts[2])
			return strings.Repeat(parts[1], n)
		})
		return variable.ReplaceAllStringFunc(text, func(m string) string {
			v, err := p.variable(ctx, m[2:len(m)-1])
			problems = append(problems, err)
			return v
		})
	}
	x.Path, x.JSON, x.Body = fill(x.Path), fill(x.JSON), fill(x.Body)
	x.Headers = maps.Clone(x.Headers)
	for name, v := range x.Headers {
		x.Headers[name] = fill(v)
	}
	return x, errors.Join(problems...)
}

// variable returns the value of a variable. If no response has set it, it returns a text such as
// no-NAME, so that the request is still sent.
func (p *Player) variable(ctx context.Context, name string) (string, error) {
	if who, ok := strings.CutPrefix(name, "id."); ok && p.vars[name] == "" {
		user := map[string]string{"demo": "admin", "elsewhere": "stranger"}[who]
		if user == "" {
			user = who
		}
		if _, err := p.token(ctx, user); err != nil {
			return "", err
		}
	}
	if v, ok := p.vars[name]; ok {
		return v, nil
	}
	whole, part, _ := strings.Cut(name, ".")
	v, ok := p.vars[whole]
	switch {
	case !ok && part == "path":
		return "/no-" + whole, nil
	case !ok:
		return "no-" + whole, nil
	}
	at, err := url.Parse(v)
	if err != nil {
		return "", err
	}
	switch part {
	case "id":
		return path.Base(at.Path), nil
	case "path":
		return at.Path, nil
	}
	return "", fmt.Errorf("a variable has .id and .path, not .%s", part)
}

func (p *Player) save(x Exchange, r response) {
	for _, name := range slices.Sorted(maps.Keys(x.Save)) {
		from := x.Save[name]
		if !strings.HasPrefix(from, "/") {
			if v := r.header.Get(from); v != "" {
				p.vars[name] = v
			}
			continue
		}
		body, err := value.Parse(r.body)
		if err != nil {
			continue
		}
		if v, ok := value.At(body, from); ok {
			if text, ok := v.(string); ok {
				p.vars[name] = text
			}
		}
	}
}
