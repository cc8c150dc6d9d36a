package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/export"
)

// These are the formats of standin requests, except json.
const (
	asText = "text"
	asHAR  = "har"
	asCurl = "curl"
)

// print prints exchanges in the format that was asked for.
func (c *requestsCmd) print(w io.Writer, entries []journal.Entry) error {
	switch c.Format {
	case asText:
		printEntries(w, entries)
	case asCurl:
		for i := range entries {
			fmt.Fprint(w, export.Curl(&entries[i]))
		}
	case asHAR:
		return printHAR(w, entries)
	default:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for i := range entries {
			if err := enc.Encode(&entries[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// printHAR prints exchanges as a HAR, with a line for each.
func printHAR(w io.Writer, entries []journal.Entry) error {
	fmt.Fprint(w, export.HARStart(catalog.Version()))
	for i := range entries {
		text, err := export.HAREntry(&entries[i])
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, "\n%s", text)
	}
	fmt.Fprintln(w, export.HAREnd)
	return nil
}

// one prints one exchange: all of it, or in the format that was asked for.
func (c *requestsCmd) one(w io.Writer, e *journal.Entry) error {
	if c.Format != asText {
		return c.print(w, []journal.Entry{*e})
	}
	whole(w, e)
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
