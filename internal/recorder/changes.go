package recorder

import (
	"encoding/json"

	"standin/internal/world"
)

// A RecordChange is a record before and after a change. Secrets in it are redacted.
type RecordChange struct {
	Record string          `json:"record"`           // the kind of the record and its key: "freezer.clients demo/node7"
	What   string          `json:"what"`             // created, changed or deleted
	Before json.RawMessage `json:"before,omitempty"` // the record before, in the form of a fixture; absent if it was created
	After  json.RawMessage `json:"after,omitempty"`  // the record after, in the form of a fixture; absent if it was deleted
}

// Changes returns the records that an exchange wrote, up to the first 100; false if the journal does
// not hold the exchange.
func (j *Journal) Changes(sequence uint64) ([]RecordChange, bool) {
	r, ok := j.get(sequence)
	if !ok {
		return nil, false
	}
	x := &redaction{}
	r.asked(x) // finds the secrets of the request
	return x.changes(r.Changes), true
}

// Shown returns changes with the records before and after. Secrets in them are redacted.
func Shown(all []world.Change) []RecordChange { return new(redaction).changes(all) }

func (x *redaction) changes(all []world.Change) []RecordChange {
	list := make([]RecordChange, len(all))
	for i := range all {
		c := &all[i]
		before, after := c.Records()
		list[i] = RecordChange{x.key(c), string(c.What), x.record(before), x.record(after)}
	}
	return list
}

// ShownRecord returns a record in the form of a fixture as JSON. Secrets in it are redacted.
func ShownRecord(record any) json.RawMessage { return new(redaction).record(record) }

// key returns the kind and the key of a changed record. A key may hold texts of a client, such as a URL
// with a password.
func (x *redaction) key(c *world.Change) string { return x.hideAll(x.text(c.Record())) }

// record returns a record as JSON with secrets redacted; nil for no record.
func (x *redaction) record(record any) json.RawMessage {
	if record == nil {
		return nil
	}
	text, err := json.Marshal(record)
	if err != nil { // records can always be encoded
		panic(err)
	}
	return json.RawMessage(x.body(string(text), "application/json"))
}
