package journal

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"standin/internal/contract"
)

// A Filter selects entries: those that all members that are given fit.
type Filter struct {
	Operation string // globs, as in fault.Where; "none" for requests that match no operation
	Status    string // 503, or 5xx; "none" where no answer was sent
	Method    string
	Path      string // a glob, on the path with or without prefixes
	Fault     string // the name of a rule that fired; "*": of any
	Ended     Ended
	Since     uint64 // entries after this sequence
}

// none selects what has no operation, or no status.
const none = "none"

// Check returns an error for a filter that no entry can fit.
func (f *Filter) Check() error {
	errs := []error{named("operation", contract.CheckGlobs(f.Operation)), named("path", contract.CheckGlob(f.Path))}
	if f.Status != "" {
		errs = append(errs, named("status", new(statusWords).UnmarshalText([]byte(f.Status))))
	}
	if ends := []Ended{Open, Answered, Aborted, Cut}; f.Ended != "" && !slices.Contains(ends, f.Ended) {
		errs = append(errs, fmt.Errorf("ended: expected open, answered, aborted or cut, got %q", f.Ended))
	}
	return errors.Join(errs...)
}

func named(member string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", member, err)
}

// A Page is what a query found.
type Page struct {
	Entries []Entry `json:"requests"` // the exchanges that fit, oldest first
	Counts
}

// Counts are what a journal has counted.
type Counts struct {
	Last       uint64 `json:"last"`       // the number of the newest exchange of all
	Evicted    uint64 `json:"evicted"`    // how many exchanges have fallen out of the journal
	Incomplete bool   `json:"incomplete"` // exchanges have fallen out that the query could have found
}

// A Note is an event that is not an exchange: a reset, rules armed, the clock.
type Note struct {
	Kind string    `json:"kind"`           // the name of the event
	What string    `json:"what,omitempty"` // what was changed
	At   time.Time `json:"at"`             // when, in real time
}
