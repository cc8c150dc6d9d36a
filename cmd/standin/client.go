package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"standin/emulator/journal"
)

// A client calls the control API of a running emulator.
type client struct {
	base  string // without a path to a sandbox
	token string
}

// newClient returns a client for a URL, and the name of the sandbox in the URL, http://HOST/~NAME.
func newClient(at, token string) (c client, sandbox string) {
	if !strings.Contains(at, "://") {
		at = "http://" + at
	}
	at, path, inside := strings.Cut(strings.TrimRight(at, "/"), "/~")
	if inside {
		sandbox, _, _ = strings.Cut(path, "/")
	}
	return client{at, token}, sandbox
}

// A remote is the flags of commands that ask a running emulator.
type remote struct {
	URL   string `default:"http://127.0.0.1:9311" help:"Address of the emulator (default ${default}). http://HOST/~NAME selects a sandbox."`
	Token string `env:"STANDIN_CONTROL_TOKEN" placeholder:"TOKEN" help:"Bearer token of the control API. Default: none."`
}

// client returns a client, and the name of the sandbox that --sandbox or --url selects. The name is
// empty if neither selects one. It is an error if they select different ones.
func (r *remote) client(flag string) (c client, box string, err error) {
	c, inside := newClient(r.URL, r.Token)
	if inside != "" && flag != "" && inside != flag {
		return c, "", fmt.Errorf("--url selects sandbox %s, but --sandbox is %s", inside, flag)
	}
	return c, cmp.Or(flag, inside), nil
}

// A remotes is the flags of commands that ask one or several running emulators.
type remotes struct {
	URL   []string `default:"http://127.0.0.1:9311" help:"Address of the emulator (default ${default}). May be repeated, for replicas behind a proxy. http://HOST/~NAME selects a sandbox, if one is asked for."`
	Token string   `env:"STANDIN_CONTROL_TOKEN" placeholder:"TOKEN" help:"Bearer token of the control API. Default: none."`
}

// all returns a client for each emulator. Their addresses must not select a sandbox.
func (r *remotes) all() (clients []client, err error) {
	for _, at := range r.URL {
		c, sandbox := newClient(at, r.Token)
		if sandbox != "" {
			return nil, fmt.Errorf("--url %s selects a sandbox, but all are asked for", at)
		}
		if !slices.Contains(clients, c) {
			clients = append(clients, c)
		}
	}
	if len(clients) == 0 {
		return nil, errors.New("--url is empty")
	}
	return clients, nil
}

// get requests a path below /_standin/. It returns an error unless the status is 200.
func (c client) get(ctx context.Context, path string, q url.Values) (*http.Response, error) {
	at := c.base + "/_standin/" + path
	if len(q) > 0 {
		at += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := clientFor(at).Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("no emulator answers at %s; start one, or give its address with --url", req.URL.Scheme+"://"+req.URL.Host)
	} else if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	return resp, nil
}

// longestRefusal is the number of bytes that are read of an error answer.
const longestRefusal = 64 << 10

// refusal returns an error with the text of an answer.
func refusal(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, longestRefusal))
	var problem struct{ Detail string }
	if json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
		hint := ""
		if resp.StatusCode == http.StatusUnauthorized {
			hint = " Give it with --token."
		}
		return fmt.Errorf("%s: %s%s", resp.Status, problem.Detail, hint)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	const most = 200
	if len(first) > most {
		first = first[:most] + "…"
	}
	return fmt.Errorf("%s: %q; is this the address of standin?", resp.Status, first)
}

// read requests a path and decodes its JSON.
func (c client) read(ctx context.Context, path string, q url.Values, into any) error {
	resp, err := c.get(ctx, path, q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(into)
}

func of(sandbox, path string) string { return "sandboxes/" + url.PathEscape(sandbox) + "/" + path }

// page returns the exchanges of a sandbox that q selects.
func (c client) page(ctx context.Context, sandbox string, q url.Values) (p journal.Page, err error) {
	return p, c.read(ctx, of(sandbox, "requests"), q, &p)
}

// one returns an exchange.
func (c client) one(ctx context.Context, sandbox string, sequence uint64) (e journal.Entry, err error) {
	return e, c.read(ctx, of(sandbox, "requests/"+strconv.FormatUint(sequence, 10)), nil, &e)
}

// A listed is a sandbox, as the control API lists it, and the emulator that has it.
type listed struct {
	client   `json:"-"`
	Emulator string `json:"emulator"`
	Name     string `json:"name"`
	URL      string `json:"url"`
	Scenario string `json:"scenario,omitempty"`
	Faults   int    `json:"faults"`
	Requests uint64 `json:"requests"`
}

// sandboxes returns all sandboxes of the clients' emulators. With an error, it returns those of the
// emulators that answer.
func sandboxes(ctx context.Context, clients []client) (found []listed, err error) {
	for _, c := range clients {
		var all []listed
		err = errors.Join(err, naming(c.base, c.read(ctx, "sandboxes", nil, &all)))
		for i := range all {
			all[i].client, all[i].Emulator = c, c.base
		}
		found = append(found, all...)
	}
	return found, err
}

// naming returns an error that names where it comes from, if it does not do so already.
func naming(from string, err error) error {
	if err == nil || strings.Contains(err.Error(), from) {
		return err
	}
	return fmt.Errorf("%s: %w", from, err)
}

// follow calls back for each event of a sandbox that q selects, until the sandbox or the context ends. It
// begins with the events that the journal still holds. Either the entry or the note is nil.
func (c client) follow(ctx context.Context, sandbox string, q url.Values, back func(e *journal.Entry, n *journal.Note)) error {
	q.Set("since", "0")
	resp, err := c.get(ctx, of(sandbox, "events"), q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	kind, lines := "", bufio.NewScanner(resp.Body)
	const longest = 1 << 20
	lines.Buffer(nil, longest)
	for lines.Scan() {
		text := lines.Text()
		if k, ok := strings.CutPrefix(text, "event: "); ok {
			kind = k
		}
		data, ok := strings.CutPrefix(text, "data: ")
		switch {
		case !ok, kind == "amended": // the line is printed already
		case kind == "exchange":
			var e journal.Entry
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				return err
			}
			back(&e, nil)
		default:
			var n journal.Note
			if err := json.Unmarshal([]byte(data), &n); err != nil {
				return err
			}
			back(nil, &n)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s has ended the events: %w", c.base, err)
	}
	return nil
}
