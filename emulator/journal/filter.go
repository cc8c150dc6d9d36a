package journal

import (
	"errors"
	"fmt"
	"time"

	"standin/internal/contract"
)

// A Filter selects entries. An entry matches if it matches all members that are given. The zero
// Filter selects every entry.
type Filter struct {
	Operation string // globs, as in fault.Where; "none" for requests that match no operation
	Status    string // 503 or 5xx; "none" if no reply was sent
	Method    string
	Path      string // a glob that matches the path with or without its prefixes
	Fault     string // the name of a rule that fired; "*" for any rule
	Ended     Ended
	Trace     string // a trace id, as 32 hexadecimal digits
	Since     uint64 // selects entries after this sequence
}

// none selects entries without an operation, or without a status.
const none = "none"

// Check returns an error if the filter is invalid and no entry could match it.
func (f *Filter) Check() error {
	errs := []error{named("operation", contract.CheckGlobs(f.Operation)), named("path", contract.CheckGlob(f.Path))}
	if f.Status != "" {
		errs = append(errs, named("status", new(statusWords).UnmarshalText([]byte(f.Status))))
	}
	if f.Ended != "" {
		errs = append(errs, named("ended", new(endedWord).UnmarshalText([]byte(f.Ended))))
	}
	if f.Trace != "" && !isTraceID(f.Trace) {
		errs = append(errs, fmt.Errorf("trace: expected 32 hexadecimal digits, got %q", f.Trace))
	}
	return errors.Join(errs...)
}

func named(member string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", member, err)
}

// A Page is the result of a query.
type Page struct {
	Entries []Entry `json:"requests"` // the exchanges that match, oldest first
	Counts
}

// Counts are the counts of a journal.
type Counts struct {
	Last       uint64 `json:"last"`       // the number of the newest exchange in the journal
	Evicted    uint64 `json:"evicted"`    // how many exchanges were evicted from the journal
	Incomplete bool   `json:"incomplete"` // exchanges that could have matched were evicted
}

// A Note is an event that is not an exchange, such as a reset or a change of the rules or of the
// clock.
type Note struct {
	Kind string    `json:"kind"`           // the name of the event
	What string    `json:"what,omitempty"` // what was changed
	At   time.Time `json:"at"`             // when it happened, in real time
}
