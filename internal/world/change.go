package world

import "strings"

// A Change is one record that a transaction wrote.
type Change struct {
	Kind string // the name of the kind, for example freezer.clients
	Key  string // the key of the record; a NUL byte separates the parts of a composite key
	What Verb
}

// Record returns the record as text, for example freezer.clients demo/node7.
func (c *Change) Record() string {
	parts := strings.FieldsFunc(c.Key, func(r rune) bool { return r == 0 })
	return c.Kind + " " + strings.Join(parts, "/")
}

// A Verb says what a transaction did to a record.
type Verb string

// The values of Verb.
const (
	Created Verb = "created"
	Changed Verb = "changed"
	Deleted Verb = "deleted"
)

// maxChanges is the max number of changes that a transaction lists. A request writes a few
// records. Loading a fixture writes many, but its changes are not read.
const maxChanges = 100

// Changes returns the first 100 records that the transaction wrote, in order. It leaves out kinds
// without a name.
func (tx *Tx) Changes() []Change { return tx.changes }

// changed adds a change to the list.
func (tx *Tx) changed(kind, key string, what Verb) {
	if kind == "" || len(tx.changes) >= maxChanges {
		return
	}
	tx.changes = append(tx.changes, Change{kind, key, what})
}
