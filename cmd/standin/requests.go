package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/recorder"
	"standin/internal/sandbox"
)

type requestsCmd struct {
	Sequence number `arg:"" optional:"" name:"number" help:"Number of one exchange to show in full: headers, bodies, and what each rule did."`
	remotes
	Sandbox string `placeholder:"NAME" help:"Name of the sandbox. Default: that in --url, or else the default sandbox."`
	All     bool   `help:"Show the exchanges of all sandboxes."`
	selection
	Format string `default:"text" enum:"text,json,har,curl" help:"text (default), json: one JSON object for each exchange, har: a HAR 1.2, curl: a command for each request."`
	Follow bool   `short:"f" help:"Continue with new exchanges until interrupted."`
	File   string `placeholder:"FILE" help:"Read a file that standin run wrote with --requests or --journal, or that --format json has printed. A dash reads standard input."`
}

// Help returns examples.
func (*requestsCmd) Help() string {
	return `Examples:
  standin requests
  standin requests --all --follow
  standin requests --all --url http://10.0.0.1:9311 --url http://10.0.0.2:9311
  standin requests 3
  standin requests --url http://127.0.0.1:9311/~checkout --operation 'freezer.*' --status 5xx
  standin requests --file requests.jsonl
  standin requests --format har > requests.har
  standin requests 3 --format curl`
}

// Run prints the exchanges in the journal. With --follow it then prints new ones.
func (c *requestsCmd) Run(ctx context.Context, s streams) error {
	switch {
	case c.File != "":
		return c.file(s.out)
	case c.All && c.Follow:
		return c.followAll(ctx, s)
	case c.All:
		return c.listAll(ctx, s.out)
	}
	one := remote{c.URL[0], c.Token}
	cl, box, err := one.client(c.Sandbox)
	if err != nil {
		return err
	}
	box = cmp.Or(box, sandbox.Default)
	switch {
	case c.Sequence != 0:
		e, err := cl.one(ctx, box, uint64(c.Sequence))
		if err != nil {
			return err
		}
		return c.one(s.out, &e)
	case c.Follow:
		err := cl.follow(ctx, box, c.query(), func(e *journal.Entry, n *journal.Note) { fmt.Fprint(s.out, c.event("", e, n)) })
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	page, err := cl.page(ctx, box, c.query())
	if err != nil {
		return err
	}
	if c.Format == asText {
		fmt.Fprint(s.out, page.Dropped())
	}
	return c.print(s.out, page.Entries)
}

// A selection is the flags that select exchanges.
type selection struct {
	Operation string `placeholder:"GLOB" help:"Only operations that match the glob, such as freezer.*. none: requests that match no operation."`
	Status    string `env:"-" placeholder:"STATUS" help:"Only responses with this status, such as 503 or 5xx. none: no response was sent."`
	Method    string `env:"-" placeholder:"METHOD" help:"Only requests with this method."`
	Path      string `env:"-" placeholder:"GLOB" help:"Only requests whose path matches the glob."`
	Fault     string `env:"-" placeholder:"RULE" help:"Only requests at which the rule of this name fired. *: any rule."`
	Ended     string `env:"-" placeholder:"HOW" help:"Only exchanges that ended so: answered, cut, aborted or open."`
	Trace     string `placeholder:"ID" help:"Only requests whose header traceparent has this trace id."`
}

// A number is that of an exchange, from 1. The zero number is none.
type number uint64

// UnmarshalText reads a number in the command line.
func (n *number) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil || v == 0 {
		return fmt.Errorf("%q: expected the number of an exchange, from 1", text)
	}
	*n = number(v)
	return nil
}

// filter returns the filter of the flags.
func (s *selection) filter() journal.Filter {
	return journal.Filter{
		Operation: s.Operation, Status: s.Status, Method: s.Method, Path: s.Path, Fault: s.Fault, Ended: journal.Ended(s.Ended), Trace: s.Trace,
	}
}

// query returns the parameters that select exchanges.
func (s *selection) query() url.Values {
	q := url.Values{}
	for name, v := range map[string]string{
		"operation": s.Operation, "status": s.Status, "method": s.Method, "path": s.Path, "fault": s.Fault, "ended": s.Ended, "trace": s.Trace,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

// Validate returns an error for flags that are wrong or cannot be combined.
func (c *requestsCmd) Validate() error {
	f := c.filter()
	switch err := f.Check(); {
	case err != nil:
		return fmt.Errorf("--%w", err)
	case c.All && c.Sandbox != "":
		return errors.New("--all cannot be combined with --sandbox")
	case c.Sequence != 0 && (c.All || c.Follow):
		return errors.New("a number cannot be combined with --all or --follow")
	case c.Sequence != 0 && c.selection != (selection{}):
		return errors.New("a number cannot be combined with flags that select requests, such as --operation")
	case c.Follow && (c.File != "" || c.Format == asHAR):
		return errors.New("--follow cannot be combined with --file or --format har, which have an end")
	case len(c.URL) != 1 && !c.All && c.File == "":
		return fmt.Errorf("--url is given %d times; only --all asks several emulators", len(c.URL))
	}
	return nil
}

// event returns the line of an event; empty for a note in other formats than text. It names the sandbox
// unless that is empty.
func (c *requestsCmd) event(sandbox string, e *journal.Entry, n *journal.Note) string {
	switch {
	case n != nil && c.Format == asText:
		return fmt.Sprintf("%s  -- %s %s %s\n", n.At.Local().Format(time.TimeOnly), sandbox, n.Kind, n.What)
	case n != nil:
		return ""
	case c.Format != asText:
		var b strings.Builder
		_ = c.print(&b, []journal.Entry{*e}) // entries can always be encoded
		return b.String()
	}
	l := e.Line()
	l.Sandbox = sandbox
	return l.String() + "\n"
}

// listAll prints the exchanges of all sandboxes in the order in which they began. If an emulator does not
// answer, it prints those of the others, and returns an error.
func (c *requestsCmd) listAll(ctx context.Context, w io.Writer) error {
	clients, err := c.all()
	if err != nil {
		return err
	}
	boxes, missing := sandboxes(ctx, clients)
	var all []journal.Entry
	for _, b := range boxes {
		page, err := b.page(ctx, b.Name, c.query())
		missing = errors.Join(missing, err)
		all = append(all, page.Entries...)
	}
	slices.SortStableFunc(all, func(a, b journal.Entry) int { return a.Began.Compare(b.Began) })
	return errors.Join(c.print(w, all), missing)
}

// glimpse is how often followAll looks for new sandboxes.
const glimpse = 200 * time.Millisecond

// followAll follows all sandboxes, including those that are created meanwhile. It ends when no emulator
// answers.
func (c *requestsCmd) followAll(ctx context.Context, s streams) error {
	clients, err := c.all()
	if err != nil {
		return err
	}
	f := &followers{cmd: c, lines: make(chan string), ended: make(chan followed), followed: map[followed]bool{}}
	t := time.NewTicker(glimpse)
	defer t.Stop()
	for missing := ""; ; {
		boxes, err := sandboxes(ctx, clients)
		if ctx.Err() != nil {
			return nil
		}
		if len(boxes) == 0 {
			return err
		}
		if text := fmt.Sprint(err); err == nil {
			missing = ""
		} else if text != missing {
			missing = text
			fmt.Fprintln(s.err, "standin:", text)
		}
		f.follow(ctx, boxes)
		f.print(ctx, s.out, t.C)
	}
}

// followers follow sandboxes, each in a goroutine.
type followers struct {
	cmd      *requestsCmd
	lines    chan string
	ended    chan followed // those whose goroutine has ended
	followed map[followed]bool
}

// A followed is a sandbox of an emulator.
type followed struct {
	client
	name string
}

// follow follows the sandboxes that are not followed.
func (f *followers) follow(ctx context.Context, boxes []listed) {
	for i := range boxes {
		b := followed{boxes[i].client, boxes[i].Name}
		if f.followed[b] {
			continue
		}
		f.followed[b] = true
		go func() {
			_ = b.follow(ctx, b.name, f.cmd.query(), func(e *journal.Entry, n *journal.Note) {
				select {
				case f.lines <- f.cmd.event(b.name, e, n):
				case <-ctx.Done():
				}
			})
			select {
			case f.ended <- b:
			case <-ctx.Done():
			}
		}()
	}
}

// print prints lines until the next tick.
func (f *followers) print(ctx context.Context, w io.Writer, tick <-chan time.Time) {
	for {
		select {
		case line := <-f.lines:
			fmt.Fprint(w, line)
		case b := <-f.ended:
			delete(f.followed, b)
		case <-tick:
			return
		case <-ctx.Done():
			return
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
	if c.Operation != "" {
		rules, err := catalog.Rules()
		if err == nil {
			err = rules.Known(c.Operation)
		}
		if err != nil {
			return err
		}
	}
	p := &filePrinter{cmd: c, w: w, selects: recorder.Fits(c.filter())}
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
	selects func(e *journal.Entry) bool
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
	case line.Scenario != "" && p.cmd.Format != asText: // the other formats have no headings
	case line.Scenario != "":
		p.flush()
		fmt.Fprintf(p.w, "scenario %s\n", line.Scenario)
	case p.cmd.Sandbox != "" && e.Sandbox != p.cmd.Sandbox, !p.selects(e):
	case e.Sequence == uint64(p.cmd.Sequence):
		p.found = true
		_ = p.cmd.one(p.w, e) // entries can always be encoded
	default:
		p.section = append(p.section, *e)
	}
	return true
}

func (p *filePrinter) flush() {
	if p.cmd.Sequence == 0 {
		_ = p.cmd.print(p.w, p.section) // entries can always be encoded
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
