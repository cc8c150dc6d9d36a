package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/sandbox"
)

type requestsCmd struct {
	Sequence uint64 `arg:"" optional:"" name:"number" help:"Number of one exchange to show in full: headers, bodies, and what each rule did."`
	remote
	Sandbox   string `placeholder:"NAME" help:"Name of the sandbox. Default: that in --url, or else the default sandbox."`
	All       bool   `help:"Show the exchanges of all sandboxes."`
	Operation string `placeholder:"GLOB" help:"Show only operations that match the glob, such as freezer.*."`
	Follow    bool   `short:"f" help:"Continue with new exchanges until interrupted."`
	File      string `placeholder:"FILE" help:"Read a file that standin run wrote with --requests or --journal. A dash reads standard input."`
}

// Help returns examples.
func (*requestsCmd) Help() string {
	return `Examples:
  standin requests
  standin requests --all --follow
  standin requests 3
  standin requests --url http://127.0.0.1:9311/~checkout --operation 'freezer.*'
  standin requests --file requests.jsonl`
}

// Run prints the exchanges in the journal. With --follow it then prints new ones.
func (c *requestsCmd) Run(ctx context.Context, s streams) error {
	if c.File != "" {
		return c.file(s.out)
	}
	if err := c.check(); err != nil {
		return err
	}
	cl, box, err := c.client(c.Sandbox)
	if err != nil {
		return err
	}
	box = cmp.Or(box, sandbox.Default)
	switch {
	case c.Sequence != 0:
		e, err := cl.one(ctx, box, c.Sequence)
		if err == nil {
			whole(s.out, &e)
		}
		return err
	case c.All && c.Follow:
		return c.followAll(ctx, cl, s.out)
	case c.All:
		return c.listAll(ctx, cl, s.out)
	case c.Follow:
		err := cl.follow(ctx, box, func(e *journal.Entry, n *journal.Note) { fmt.Fprint(s.out, c.event("", e, n)) })
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	page, err := cl.page(ctx, box, c.Operation)
	if err == nil {
		fmt.Fprint(s.out, page.Dropped())
		printEntries(s.out, page.Entries)
	}
	return err
}

// check returns an error for flags that cannot be combined.
func (c *requestsCmd) check() error {
	if c.All && c.Sandbox != "" || c.Sequence != 0 && (c.All || c.Follow) {
		return errors.New("--all cannot be combined with --sandbox, and a number cannot be combined with --all or --follow")
	}
	return nil
}

// event returns the line of an event. It names the sandbox unless that is empty. It returns an
// empty string if the operation was not asked for.
func (c *requestsCmd) event(sandbox string, e *journal.Entry, n *journal.Note) string {
	if n != nil {
		return fmt.Sprintf("%s  -- %s %s %s\n", n.At.Local().Format(time.TimeOnly), sandbox, n.Kind, n.What)
	}
	if !contract.NewGlob(c.Operation).Match(e.Operation) {
		return ""
	}
	l := e.Line()
	l.Sandbox = sandbox
	return l.String() + "\n"
}

// listAll prints the exchanges of all sandboxes in the order in which they began.
func (c *requestsCmd) listAll(ctx context.Context, cl client, w io.Writer) error {
	names, err := cl.sandboxes(ctx)
	if err != nil {
		return err
	}
	var all []journal.Entry
	for _, name := range names {
		page, err := cl.page(ctx, name, c.Operation)
		if err != nil {
			return err
		}
		all = append(all, page.Entries...)
	}
	slices.SortStableFunc(all, func(a, b journal.Entry) int { return a.Began.Compare(b.Began) })
	printEntries(w, all)
	return nil
}

// glimpse is how often followAll looks for new sandboxes.
const glimpse = 200 * time.Millisecond

// followAll follows all sandboxes, including those that are created meanwhile.
func (c *requestsCmd) followAll(ctx context.Context, cl client, w io.Writer) error {
	lines, ended := make(chan string), make(chan string)
	followed := map[string]bool{}
	t := time.NewTicker(glimpse)
	defer t.Stop()
	for {
		names, err := cl.sandboxes(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, name := range names {
			if followed[name] {
				continue
			}
			followed[name] = true
			go func() {
				_ = cl.follow(ctx, name, func(e *journal.Entry, n *journal.Note) {
					select {
					case lines <- c.event(name, e, n):
					case <-ctx.Done():
					}
				})
				select {
				case ended <- name:
				case <-ctx.Done():
				}
			}()
		}
		for waiting := true; waiting; {
			select {
			case line := <-lines:
				fmt.Fprint(w, line)
			case name := <-ended:
				delete(followed, name)
			case <-t.C:
				waiting = false
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// file prints the exchanges of a file.
func (c *requestsCmd) file(w io.Writer) error {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	p := &filePrinter{cmd: c, w: w}
	lines := bufio.NewReader(in)
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		if len(text) > 0 && !p.line(text) {
			return fmt.Errorf("%s:%d: expected an exchange, as standin run writes it with --requests or --journal", c.File, number)
		}
		if errors.Is(err, io.EOF) {
			return p.end()
		}
		if err != nil {
			return err
		}
	}
}

// A filePrinter prints the exchanges of a file, section by section.
type filePrinter struct {
	cmd     *requestsCmd
	w       io.Writer
	section []journal.Entry // of one scenario
	found   bool            // the exchange with the given number was found
}

// line reads a line of the file. It reports whether the line is an exchange or a heading.
func (p *filePrinter) line(text []byte) bool {
	var line struct {
		heading
		journal.Entry
	}
	if err := json.Unmarshal(text, &line); err != nil || line.Scenario == "" && line.Sequence == 0 {
		return false
	}
	switch e := &line.Entry; {
	case line.Scenario != "":
		p.flush()
		fmt.Fprintf(p.w, "scenario %s\n", line.Scenario)
	case p.cmd.Sandbox != "" && e.Sandbox != p.cmd.Sandbox, !contract.NewGlob(p.cmd.Operation).Match(e.Operation):
	case e.Sequence == p.cmd.Sequence:
		p.found = true
		whole(p.w, e)
	default:
		p.section = append(p.section, *e)
	}
	return true
}

func (p *filePrinter) flush() {
	if p.cmd.Sequence == 0 {
		printEntries(p.w, p.section)
	}
	p.section = nil
}

func (p *filePrinter) end() error {
	p.flush()
	if p.cmd.Sequence != 0 && !p.found {
		return fmt.Errorf("%s: no exchange %d", p.cmd.File, p.cmd.Sequence)
	}
	return nil
}

// printEntries prints a line for each exchange. If the exchanges are of several sandboxes, each
// line names its sandbox.
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

// whole prints everything that the journal holds about an exchange.
func whole(w io.Writer, e *journal.Entry) {
	fmt.Fprintf(w, "%d  %s  sandbox %s, caller %s, %s\n", e.Sequence, cmp.Or(e.Operation, "no operation"), e.Sandbox, cmp.Or(e.Caller, "nobody"), e.Ended)
	if !e.Began.IsZero() {
		fmt.Fprintf(w, "began %s, took %s; on the sandbox's clock %s\n", e.Began.Local().Format("2006-01-02 15:04:05.000"), e.Took.Round(time.Microsecond), e.Time.Format(time.RFC3339))
	}
	if k := e.Connection; k != nil {
		fmt.Fprintf(w, "connection %d, %s%s\n", k.ID, map[bool]string{true: "used before, "}[k.Reused], k.Protocol)
	}
	if e.Attempt > 1 {
		fmt.Fprintf(w, "attempt %d\n", e.Attempt)
	}
	for _, f := range e.Faults {
		if f.Fired {
			fmt.Fprintf(w, "fault %s fired at its request %d: %v\n", f.Rule, f.Match, f.Did)
		} else {
			fmt.Fprintf(w, "fault %s did not fire at its request %d: %s\n", f.Rule, f.Match, f.Why)
		}
	}
	for _, about := range []struct{ what, text string }{{"refused by", e.RefusedBy}, {"note", e.Note}, {"BREAKS ITS CONTRACT", e.Violation}} {
		if about.text != "" {
			fmt.Fprintf(w, "%s: %s\n", about.what, about.text)
		}
	}
	for _, near := range e.Near {
		fmt.Fprintln(w, "near:", near)
	}
	target := e.Request.Path
	if e.Request.Query != "" {
		target += "?" + e.Request.Query
	}
	fmt.Fprintf(w, "\n> %s %s\n", e.Request.Method, journal.Printable(target))
	message(w, ">", e.Request.Headers, &e.Request.Body)
	if e.Reply == nil {
		fmt.Fprintln(w, "\nno answer")
		return
	}
	fmt.Fprintf(w, "\n< %d\n", e.Reply.Status)
	message(w, "<", e.Reply.Headers, &e.Reply.Body)
}

// message prints headers and body.
func message(w io.Writer, mark string, headers map[string][]string, b *journal.Body) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for _, v := range headers[name] {
			fmt.Fprintf(w, "%s %s: %s\n", mark, name, journal.Printable(v))
		}
	}
	switch {
	case b.Text != "":
		fmt.Fprintf(w, "%s\n%s %s\n", mark, mark, journal.Printable(b.Text))
	case b.Base64 != "":
		fmt.Fprintf(w, "%s\n%s (Base64) %s\n", mark, mark, b.Base64)
	}
	if b.SHA256 != "" {
		fmt.Fprintf(w, "%s (of %d bytes)\n", mark, b.Size)
	}
}
