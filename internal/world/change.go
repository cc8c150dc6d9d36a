package world

import "strings"

// A Change is one record that a transaction wrote.
type Change struct {
	Kind string // the name of the kind, such as freezer.clients
	Key  string // the key of the record; the parts of a composite key have NUL bytes between them
	What Verb
}

// Record is the record in words: freezer.clients demo/node7.
func (c *Change) Record() string {
	parts := strings.FieldsFunc(c.Key, func(r rune) bool { return r == 0 })
	return c.Kind + " " + strings.Join(parts, "/")
}

// A Verb is what happened to a record.
type Verb string

// The verbs.
const (
	Created Verb = "created"
	Changed Verb = "changed"
	Deleted Verb = "deleted"
)

// maxChanges bounds the changes that a transaction lists. A request writes a few records;
// loading a fixture writes many, and nobody asks for those.
const maxChanges = 100

// Changes returns the records that the transaction wrote, in order, up to the first 100. Kinds
// without a name are left out.
func (tx *Tx) Changes() []Change { return tx.changes }

// changed notes a change.
func (tx *Tx) changed(kind, key string, what Verb) {
	if kind == "" || len(tx.changes) >= maxChanges {
		return
	}
	tx.changes = append(tx.changes, Change{kind, key, what})
}
