// Command clients prints a Markdown table of what HTTP clients report of each way in which a
// connection breaks. The clients are Go's net/http, curl, Python's http.client, Node's fetch and
// Java's HttpClient. It leaves out clients that are not installed, and names them.
//
//	go run ./tools/clients
//
// It fails if a client does not notice a break that it must notice.
package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
)

//go:embed client.py client.mjs Client.java
var programs embed.FS

// A client requests a URL to open a connection, then a URL with a fault over the same connection.
// It prints one line about the second request.
type client struct {
	name    string
	program string // must be installed; empty means this command
	command func(dir string) []string
}

var clients = []client{
	{"Go net/http", "", func(string) []string { return []string{os.Args[0], "-client"} }},
	{"curl", "curl", func(string) []string { return []string{os.Args[0], "-curl"} }},
	{"Python http.client", "python3", func(dir string) []string { return []string{"python3", filepath.Join(dir, "client.py")} }},
	{"Node fetch", "node", func(dir string) []string { return []string{"node", filepath.Join(dir, "client.mjs")} }},
	{"Java HttpClient", "java", func(dir string) []string { return []string{"java", filepath.Join(dir, "Client.java")} }},
}

// A row is a break, the request it is tried with, and whether a client must notice it.
type row struct {
	what    string
	method  string
	c       *fault.Connection
	noticed bool
}

var rows = []row{
	{"reset", "GET", &fault.Connection{Kind: fault.Reset}, true},
	{"reset, silent", "GET", &fault.Connection{Kind: fault.Reset, Silent: true}, false},
	{"reset, silent, POST", "POST", &fault.Connection{Kind: fault.Reset, Silent: true}, false},
	{"reset at headers", "GET", &fault.Connection{Kind: fault.Reset, At: "headers"}, true},
	{"reset at body", "GET", &fault.Connection{Kind: fault.Reset, At: "body", Bytes: new(5)}, true},
	{"empty", "GET", &fault.Connection{Kind: fault.Empty}, true},
	{"empty, silent", "GET", &fault.Connection{Kind: fault.Empty, Silent: true}, false},
	{"empty, silent, POST", "POST", &fault.Connection{Kind: fault.Empty, Silent: true}, false},
	{"garbage", "GET", &fault.Connection{Kind: fault.Garbage}, true},
	{"malformed_chunk", "GET", &fault.Connection{Kind: fault.MalformedChunk}, true},
	{"truncate", "GET", &fault.Connection{Kind: fault.Truncate}, true},
	{"truncate, silent", "GET", &fault.Connection{Kind: fault.Truncate, Mode: "silent"}, false},
	{"content_length longer", "GET", &fault.Connection{Kind: fault.ContentLength}, true},
	{"content_length shorter", "GET", &fault.Connection{Kind: fault.ContentLength, Mode: "shorter", By: 4}, false},
	{"content_length missing", "GET", &fault.Connection{Kind: fault.ContentLength, Mode: "missing"}, false},
	{"hang", "GET", &fault.Connection{Kind: fault.Hang, For: fault.Duration(200 * time.Millisecond)}, true},
	{"slow_close", "GET", &fault.Connection{Kind: fault.SlowClose, For: fault.Duration(200 * time.Millisecond)}, false},
}

func main() {
	if len(os.Args) == 6 {
		switch os.Args[1] {
		case "-client":
			fmt.Println(ask(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
		case "-curl":
			fmt.Println(curl(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
		}
		return
	}
	if err := table(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// table tries every client with every break.
func table(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "clients")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, programs); err != nil {
		return err
	}
	var here []client
	for _, c := range clients {
		if _, err := exec.LookPath(c.program); c.program != "" && err != nil {
			fmt.Fprintf(os.Stderr, "SKIPPED: %s, because %s is not installed\n", c.name, c.program)
			continue
		}
		here = append(here, c)
	}
	e, err := emulator.New()
	if err != nil {
		return err
	}
	s, err := e.Start(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	cells := []string{"break"}
	for _, c := range here {
		cells = append(cells, c.name)
	}
	fmt.Println(line(cells) + "\n|---|" + strings.Repeat("---|", len(here)))
	unseen := 0
	for i, r := range rows {
		cells := []string{r.what}
		for j, c := range here {
			cell, noticed, err := try(ctx, s, c, r, dir, fmt.Sprintf("cell-%d-%d", i, j))
			if err != nil {
				return err
			}
			if r.noticed && !noticed {
				unseen++
				cell = "**" + cell + "**"
			}
			cells = append(cells, cell)
		}
		fmt.Println(line(cells))
	}
	if unseen > 0 {
		return fmt.Errorf("%d breaks were not noticed", unseen)
	}
	return nil
}

// line returns a row of a Markdown table.
func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

// whole matches what a client prints if it got an answer and noticed nothing wrong.
var whole = regexp.MustCompile(`^\d+ \d+ bytes`)

// address matches the address of one end of a connection.
var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// try lets a client meet a break, in its own sandbox.
func try(ctx context.Context, s *emulator.Server, c client, r row, dir, name string) (cell string, noticed bool, err error) {
	box, err := s.NewSandbox(name, emulator.WithFault(fault.Rule{Name: "break", What: fault.What{Connection: r.c}}))
	if err != nil {
		return "", false, err
	}
	url, body := s.URL+"/~"+name+"/v1/clients", ""
	if r.method == http.MethodPost {
		body = `{"client_id":"a","hostname":"h"}`
	}
	args := append(c.command(dir), s.URL+"/v1/clients", url, r.method, body)
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).Output()
	if err != nil {
		return "", false, fmt.Errorf("%s: %w: %s", c.name, err, out)
	}
	cell = address.ReplaceAllString(printable(strings.TrimSpace(string(out))), "HOST")
	if n := len(box.Requests()); n > 1 {
		cell += fmt.Sprintf(" (sent %d times)", n)
	}
	return "`" + cell + "`", !whole.MatchString(cell), nil
}

// printable removes what a table cannot show.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '|' || r == '`' {
			return '?'
		}
		return r
	}, text)
}

// ask is the client in Go.
func ask(warm, url, method, body string) string {
	c := &http.Client{Timeout: 5 * time.Second}
	get := func(method, url, body string) (string, error) {
		r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
		if err != nil {
			return "", err
		}
		r.Header.Set("X-Auth-Token", "demo-token")
		r.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(r)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			return "", fmt.Errorf("%d then %w", resp.StatusCode, err)
		}
		return fmt.Sprintf("%d %d bytes", resp.StatusCode, len(b)), nil
	}
	if _, err := get(http.MethodGet, warm, ""); err != nil {
		return err.Error()
	}
	answer, err := get(method, url, body)
	if err != nil {
		_, text, _ := strings.Cut(err.Error(), `": `) // removes the URL
		if text == "" {
			text = err.Error()
		}
		return text
	}
	return answer
}

// curl requests both URLs in one call, so that it keeps the connection.
func curl(warm, url, method, body string) string {
	args := []string{
		"-sS", "--max-time", "5", "-o", os.DevNull, "-H", "X-Auth-Token: demo-token", warm,
		"--next", "-sS", "--max-time", "5", "-o", os.DevNull, "-w", "%{http_code} %{size_download} bytes", "-X", method,
		"-H", "X-Auth-Token: demo-token", "-H", "Content-Type: application/json", url,
	}
	if body != "" {
		args = append(args, "-d", body)
	}
	cmd := exec.CommandContext(context.Background(), "curl", args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return strings.TrimSpace(errs.String())
	}
	return string(out)
}
