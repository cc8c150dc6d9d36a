// Package recorder keeps a bounded record of the exchanges of a sandbox. It answers queries on the
// record and judges expectations by it.
//
// An entry opens when the request has been read, before anything is decided. It closes when the
// answer is about to be sent or the connection is cut. The record is bounded by entries and by
// bytes. The package does not know about the HTTP server.
package recorder

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"standin/emulator/journal"
	"standin/internal/contract"
)

// A Journal is the record of one sandbox. The zero Journal has the default limits. Its methods may
// be called by several goroutines at once. Readers neither encode nor wait while they hold its
// lock.
type Journal struct {
	Limits  journal.Limits
	Sandbox string // the name of the sandbox

	budget  *Budget // counts the bytes; nil if the journal has joined none
	held    atomic.Int64
	entries atomic.Int64

	mu         sync.Mutex
	ring       []record // n records from index head on, oldest first
	head, n    int
	last       uint64 // sequence of the newest entry
	evicted    uint64
	bytes      int
	generation uint64
	attempts   attempts
	watches    watches
	events     events
	closings   closings
}

// A record is an entry in a form that is cheap to write. Its texts are concatenated in a buffer
// that is reused.
type record struct {
	Opening
	*Closing // of other records, too: it does not change
	ended    journal.Ended
	finished time.Time
	event    uint64 // number of the event at its end; 0 while it is open
	attempt  int
	failing  bool // its request is known to fail
	removed  bool // by DELETE
	retried  bool // probably by the client's HTTP library
	identity uint64
	buf      []byte
	request  lengths
	reply    lengths
	told     int     // size of the texts outside the buffer, in bytes
	cut      *digest // of a request body that is not kept whole
	replyCut *digest
}

// recordSize is the size of a record without its texts, in bytes, with a closing of its own.
const recordSize = int(unsafe.Sizeof(record{}) + unsafe.Sizeof(Closing{}))

// lengths holds the lengths of the header and the body in a record's buffer.
type lengths struct{ head, body int }

type digest struct {
	size int
	hash string
}

// An Opening is what is known when a request has been read.
type Opening struct {
	Operation string // operationId; empty if the request matches no operation
	Service   string
	Method    string
	Path      string // as sent
	Route     string // without the prefixes of sandbox and service
	Query     string
	Host      string
	Proto     string
	Now       time.Time // on the sandbox's clock
	Frozen    bool      // the sandbox's clock is frozen
	Began     time.Time
	Conn      uint64 // number of the connection; 0 if unknown
	Reused    bool   // the connection has carried a request before
	TooLarge  bool   // only the beginning of the body was read
	TLS       bool   // the connection uses TLS
	Trace     journal.Trace
	Secret    contract.Secrecy
}

// size returns the size of the opening's texts, in bytes. The route is a part of the path.
func (o *Opening) size() int {
	return len(o.Path) + len(o.Query) + len(o.Host) + len(o.Trace.TraceID) + len(o.Trace.SpanID)
}

// A Ticket identifies an open entry.
type Ticket struct {
	generation, Sequence uint64
	Attempt              int // which attempt of the same request it is, counting from 1
}

// Open begins an entry. It copies the header and the body.
func (j *Journal) Open(o *Opening, header http.Header, body []byte) Ticket {
	d := digestOf(body)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	r := j.place()
	r.Opening = *o
	r.Closing, r.ended, r.event, r.finished = unclosed, journal.Open, 0, time.Time{}
	r.cut, r.replyCut, r.reply = d, nil, lengths{}
	r.buf, r.request = write(r.buf[:0], header, body)
	r.attempt, r.retried, r.failing, r.removed, r.identity = 1, false, false, false, 0
	if j.attempts.any() {
		j.attempts.open(r, header, body)
	}
	r.told = o.size() + recordSize
	j.grow(len(r.buf) + r.told)
	j.shrink()
	j.watches.changed(j.last)
	return Ticket{j.generation, j.last, r.attempt}
}

// Close ends an entry. It does nothing if the entry was evicted or the journal was cleared.
func (j *Journal) Close(t Ticket, ended journal.Ended, c *Closing, header http.Header, body []byte) {
	j.finish(t, ended, c, header, body, digestOf(body)).keep()
}

// finish does the work of Close. It returns the budget of the journal.
func (j *Journal) finish(t Ticket, ended journal.Ended, c *Closing, header http.Header, body []byte, d *digest) *Budget {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.find(t)
	if r == nil {
		return nil
	}
	before := len(r.buf)
	r.Closing, r.ended, r.finished = j.closings.keep(c), ended, time.Now()
	r.replyCut = d
	r.buf, r.reply = write(r.buf, header, body)
	told := c.size()
	r.told += told
	j.grow(len(r.buf) - before + told)
	r.event = j.events.closed(r, t.Sequence, j.Sandbox)
	if c.Failed {
		j.attempts.failed(r)
	} else if r.failing {
		j.attempts.succeeded(r)
	}
	j.shrink()
	j.watches.changed(t.Sequence)
	return j.budget
}

// Amend changes how a closed entry ended. It is called when the client left while the answer was
// being sent.
func (j *Journal) Amend(t Ticket, ended journal.Ended, note string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.find(t); r != nil {
		r.ended = ended
		if note != "" {
			changed := *r.Closing
			changed.Note = note
			r.Closing = &changed
		}
		j.events.amended(r, t.Sequence, j.Sandbox)
		j.watches.changed(t.Sequence)
	}
}

// Sent records that the answer of a closed entry is sent completely only now.
func (j *Journal) Sent(t Ticket) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.find(t); r != nil {
		r.finished = time.Now()
		j.events.amended(r, t.Sequence, j.Sandbox)
		j.watches.changed(t.Sequence)
	}
}

// Failing marks an open exchange as one that is going to fail. The client may try again before the
// exchange is over.
func (j *Journal) Failing(t Ticket) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.find(t); r != nil {
		j.attempts.failed(r)
	}
}

// Clear removes all entries. The next entry has the sequence 1.
func (j *Journal) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.clear()
}

func (j *Journal) clear() {
	j.grow(-j.bytes)
	j.ring, j.head, j.n = nil, 0, 0
	j.last, j.evicted = 0, 0
	j.attempts, j.closings = attempts{}, closings{}
	j.generation++
}

// grow adds to the bytes that are held. A negative number subtracts.
func (j *Journal) grow(bytes int) {
	j.bytes += bytes
	j.held.Store(int64(j.bytes))
	j.entries.Store(int64(j.n))
	j.budget.add(bytes)
}

// MaxEntries returns the maximum number of entries.
func (j *Journal) MaxEntries() int {
	entries, _ := j.limits()
	return entries
}

func (j *Journal) limits() (entries, bytes int) {
	entries, bytes = j.Limits.Entries, j.Limits.Bytes
	if entries == 0 {
		entries = journal.DefaultEntries
	}
	if bytes == 0 {
		bytes = journal.DefaultBytes
	}
	return entries, bytes
}

// place returns the record for the newest entry: a new one, or that of the oldest entry. The ring
// begins with one record, since many sandboxes see few requests.
func (j *Journal) place() *record {
	most, _ := j.limits()
	if j.n == most {
		j.drop()
	}
	if j.n == len(j.ring) {
		j.resize(min(most, max(1, 2*len(j.ring))))
	}
	j.n++
	return j.at(j.n - 1)
}

// resize moves the records to a ring of another size. The ring must have room for all of them.
func (j *Journal) resize(size int) {
	ring := make([]record, size)
	for i := range j.n {
		ring[i] = *j.at(i)
	}
	j.ring, j.head = ring, 0
}

func (j *Journal) at(i int) *record { return &j.ring[(j.head+i)%len(j.ring)] }

// maxReused is the maximum capacity, in bytes, of a buffer that is reused.
const maxReused = 4 << 10

// drop removes the oldest entry.
func (j *Journal) drop() {
	r := j.at(0)
	j.grow(-len(r.buf) - r.told)
	r.told = 0
	if cap(r.buf) > maxReused {
		r.buf = nil
	}
	r.buf, r.Opening, r.Closing = r.buf[:0], Opening{}, unclosed
	j.head, j.n = (j.head+1)%len(j.ring), j.n-1
	j.evicted++
	if j.budget != nil {
		j.budget.evicted.Add(1)
	}
}

// shrink drops the oldest entries while the journal holds too many bytes. It never drops the newest
// entry.
func (j *Journal) shrink() {
	for _, most := j.limits(); j.bytes > most && j.n > 1; {
		j.drop()
	}
}

// find returns the record of a ticket, or nil if it is gone.
func (j *Journal) find(t Ticket) *record {
	if t.generation != j.generation || t.Sequence+uint64(j.n) <= j.last || t.Sequence > j.last {
		return nil
	}
	return j.at(j.n - 1 - int(j.last-t.Sequence))
}

// write appends header and body to a buffer. It cuts a body longer than journal.KeptBody.
func write(buf []byte, header http.Header, body []byte) ([]byte, lengths) {
	begin := len(buf)
	for name, values := range header {
		for _, v := range values {
			buf = append(append(append(append(buf, name...), 0), v...), '\n')
		}
	}
	l := lengths{head: len(buf) - begin, body: min(len(body), journal.KeptBody)}
	return append(buf, body[:l.body]...), l
}

const digestBytes = 8

// digestOf returns the size of a body that is too long to be kept, and the beginning of its SHA-256
// in hexadecimal. It returns nil for any other body. Open and Close call it before they take the
// lock.
func digestOf(body []byte) *digest {
	if len(body) <= journal.KeptBody {
		return nil
	}
	sum := sha256.Sum256(body)
	return &digest{len(body), hex.EncodeToString(sum[:digestBytes])}
}
