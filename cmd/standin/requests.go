package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"standin/emulator/contract"
	"standin/emulator/journal"
)

type requestsCmd struct {
	URL       string `default:"http://127.0.0.1:9311" help:"Where the emulator is."`
	Sandbox   string `default:"default" help:"Whose exchanges."`
	Operation string `placeholder:"GLOB" help:"Only those of these operations: freezer.*."`
	Follow    bool   `short:"f" help:"Go on with those that come."`
	Token     string `env:"STANDIN_CONTROL_TOKEN" help:"The control token."`
}

// Run prints what the journal holds and, with --follow, what happens.
func (c *requestsCmd) Run(ctx context.Context, s streams) error {
	if c.Follow { // what happens while the journal is read comes twice rather than not at all
		resp, err := c.get(ctx, "events", nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if err := c.list(ctx, s.out); err != nil {
			return err
		}
		return c.follow(ctx, resp.Body, s.out)
	}
	return c.list(ctx, s.out)
}

func (c *requestsCmd) get(ctx context.Context, what string, q url.Values) (*http.Response, error) {
	at := strings.TrimRight(c.URL, "/")
	if !strings.Contains(at, "://") {
		at = "http://" + at
	}
	at += "/_standin/sandboxes/" + url.PathEscape(c.Sandbox) + "/" + what
	if len(q) > 0 {
		at += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	resp, err := clientFor(at).Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return nil, fmt.Errorf("%s: %s", resp.Status, text)
	}
	return resp, nil
}

func (c *requestsCmd) list(ctx context.Context, w io.Writer) error {
	q := url.Values{}
	if c.Operation != "" {
		q.Set("operation", c.Operation)
	}
	resp, err := c.get(ctx, "requests", q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var page journal.Page
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		return err
	}
	if page.Evicted > 0 {
		fmt.Fprintf(w, "… %d earlier ones have fallen out of the journal\n", page.Evicted)
	}
	printEntries(w, page.Entries)
	return nil
}

// follow prints the events of a stream until it ends.
func (c *requestsCmd) follow(ctx context.Context, stream io.Reader, w io.Writer) error {
	kind, lines := "", bufio.NewScanner(stream)
	const longest = 1 << 20
	lines.Buffer(nil, longest)
	for lines.Scan() {
		text := lines.Text()
		if k, ok := strings.CutPrefix(text, "event: "); ok {
			kind = k
		}
		data, ok := strings.CutPrefix(text, "data: ")
		switch {
		case !ok:
		case kind == "exchange":
			var e journal.Entry
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				return err
			}
			if contract.NewGlob(c.Operation).Match(e.Operation) {
				l := e.Line()
				fmt.Fprintln(w, l.String())
			}
		default:
			var n journal.Note
			if err := json.Unmarshal([]byte(data), &n); err != nil {
				return err
			}
			fmt.Fprintf(w, "%s  -- %s %s\n", n.At.Local().Format(time.TimeOnly), n.Kind, n.What)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return lines.Err()
}

// printEntries prints a line for each exchange. Where they are of several sandboxes,
// each line names its own.
func printEntries(w io.Writer, entries []journal.Entry) {
	several := slices.ContainsFunc(entries, func(e journal.Entry) bool { return e.Sandbox != entries[0].Sandbox })
	for i := range entries {
		l := entries[i].Line()
		if several {
			l.Sandbox = entries[i].Sandbox
		}
		fmt.Fprintln(w, l.String())
	}
}
