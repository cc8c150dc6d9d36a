// Package recorder is the bounded record of the exchanges of one sandbox, with queries on it
// and judgements from it.
//
// An entry opens when the request has been read, before anything is decided. It closes
// when the answer is about to be sent or the connection is cut. The record is bounded by
// entries and by bytes. The package knows no HTTP server.
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
	"standin/internal/world"
)

// A Journal is one sandbox's record. The zero Journal has the default limits. Its
// methods may be used from many goroutines. No reader renders or waits under its
// lock.
type Journal struct {
	Limits  journal.Limits
	Sandbox string // whose journal it is

	budget  *Budget // that the bytes count for; nil: for none
	held    atomic.Int64
	entries atomic.Int64

	mu         sync.Mutex
	ring       []record // of n records from head on, oldest first
	head, n    int
	last       uint64 // sequence of the newest entry
	evicted    uint64
	bytes      int
	generation uint64
	attempts   attempts
	watches    watches
	events     events
}

// A record is an entry in a form that costs little to make: its texts stand one
// after the other in a buffer that is used again.
type record struct {
	Opening
	Closing
	ended    journal.Ended
	finished time.Time
	event    uint64 // when it closed; 0 while it is open
	attempt  int
	failing  bool // it is known that it fails
	removed  bool // on demand
	retried  bool // by the client's library, it seems
	identity uint64
	buf      []byte
	request  lengths
	reply    lengths
	told     int     // what the texts beside the buffer come to, in bytes
	cut      *digest // of a request body that is not kept whole
	replyCut *digest
}

// recordSize is what a record comes to beside its texts, in bytes.
const recordSize = int(unsafe.Sizeof(record{}))

// lengths say where the parts stand in a record's buffer.
type lengths struct{ head, body int }

type digest struct {
	size int
	hash string
}

// An Opening is what is known when a request has been read.
type Opening struct {
	Operation string // operationId; empty outside every operation
	Service   string
	Method    string
	Path      string // as it was sent
	Route     string // without the prefixes of sandbox and service
	Query     string
	Host      string
	Proto     string
	Now       time.Time // on the sandbox's clock
	Frozen    bool      // that clock is frozen
	Began     time.Time
	Conn      uint64 // number of the connection; 0 if it is unknown
	Reused    bool   // the connection had carried a request before
	TooLarge  bool   // only the beginning of the body was read
	Secret    contract.Secrecy
}

// A Closing is what is known when the answer is sent.
type Closing struct {
	journal.Facts
	Status    int // 0: no status line was sent
	Faults    []journal.Fault
	Near      []string
	Violation string
	Changes   []world.Change // what the request changed in the world
	Note      string         // what was done in place of what a fault asked for
	Failed    bool           // a retry of the request is another attempt of it
	Unseen    bool           // the connection was cut without a byte
}

// size is how much the texts of the opening come to. Its route is a part of its path.
func (o *Opening) size() int { return len(o.Path) + len(o.Query) + len(o.Host) }

// size is about how much the texts of the closing come to.
func (c *Closing) size() int {
	const each = 64
	n := len(c.Violation) + len(c.Note) + len(c.RefusedBy)
	for i := range c.Changes {
		n += len(c.Changes[i].Key) + each
	}
	for _, text := range c.Near {
		n += len(text) + each
	}
	for i := range c.Faults {
		n += len(c.Faults[i].Rule) + len(c.Faults[i].Why) + 2*each
		for _, text := range c.Faults[i].Did {
			n += len(text) + each
		}
	}
	return n
}

// A Ticket stands for an entry that is open.
type Ticket struct {
	generation, Sequence uint64
}

// Open begins an entry. Header and body are copied.
func (j *Journal) Open(o *Opening, header http.Header, body []byte) Ticket {
	d := digestOf(body)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	r := j.place()
	r.Opening = *o
	r.Closing, r.ended, r.event, r.finished = Closing{}, journal.Open, 0, time.Time{}
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
	return Ticket{j.generation, j.last}
}

// Close ends an entry, unless it has been evicted or the journal was cleared.
func (j *Journal) Close(t Ticket, ended journal.Ended, c *Closing, header http.Header, body []byte) {
	j.finish(t, ended, c, header, body, digestOf(body)).keep()
}

// finish is Close. It returns the budget that the bytes count for.
func (j *Journal) finish(t Ticket, ended journal.Ended, c *Closing, header http.Header, body []byte, d *digest) *Budget {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.find(t)
	if r == nil {
		return nil
	}
	before := len(r.buf)
	r.Closing, r.ended, r.finished = *c, ended, time.Now()
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

// Amend changes how a closed entry ended: the client left while the answer was
// being sent.
func (j *Journal) Amend(t Ticket, ended journal.Ended, note string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.find(t); r != nil {
		r.ended = ended
		if note != "" {
			r.Note = note
		}
		j.watches.changed(t.Sequence)
	}
}

// Sent notes that the answer of a closed entry is sent completely only now.
func (j *Journal) Sent(t Ticket) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.find(t); r != nil {
		r.finished = time.Now()
		j.watches.changed(t.Sequence)
	}
}

// Failing says that the exchange, which is still open, is going to fail: the
// client may try again before it is over.
func (j *Journal) Failing(t Ticket) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.find(t); r != nil {
		j.attempts.failed(r)
	}
}

// Clear forgets all entries and counts from 1 again.
func (j *Journal) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.clear()
}

func (j *Journal) clear() {
	j.grow(-j.bytes)
	j.ring, j.head, j.n = nil, 0, 0
	j.last, j.evicted = 0, 0
	j.attempts = attempts{}
	j.generation++
}

// grow counts bytes that are held, or with a negative number no longer held.
func (j *Journal) grow(bytes int) {
	j.bytes += bytes
	j.held.Store(int64(j.bytes))
	j.entries.Store(int64(j.n))
	j.budget.add(bytes)
}

// MaxEntries is how many entries the journal holds at most.
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

// place is the record of the newest entry: a new one, or that of the oldest. The ring begins
// with one record: of many sandboxes most see few requests.
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

// resize gives the records a ring of another size, in which all of them have room.
func (j *Journal) resize(size int) {
	ring := make([]record, size)
	for i := range j.n {
		ring[i] = *j.at(i)
	}
	j.ring, j.head = ring, 0
}

func (j *Journal) at(i int) *record { return &j.ring[(j.head+i)%len(j.ring)] }

// maxReused bounds the buffers that are kept for other records.
const maxReused = 4 << 10

// drop forgets the oldest entry.
func (j *Journal) drop() {
	r := j.at(0)
	j.grow(-len(r.buf) - r.told)
	r.told = 0
	if cap(r.buf) > maxReused {
		r.buf = nil
	}
	r.buf, r.Opening, r.Closing = r.buf[:0], Opening{}, Closing{}
	j.head, j.n = (j.head+1)%len(j.ring), j.n-1
	j.evicted++
}

// shrink drops the oldest entries while there are too many bytes. The newest stays.
func (j *Journal) shrink() {
	for _, most := j.limits(); j.bytes > most && j.n > 1; {
		j.drop()
	}
}

// find is the record of a ticket; nil if it is gone.
func (j *Journal) find(t Ticket) *record {
	if t.generation != j.generation || t.Sequence+uint64(j.n) <= j.last || t.Sequence > j.last {
		return nil
	}
	return j.at(j.n - 1 - int(j.last-t.Sequence))
}

// write appends header and body to a buffer. A body that is too long is cut.
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

// digestOf is what is known of a body that is too long to be kept, with the beginning of
// its SHA-256 in hexadecimal digits; nil of any other. It is made before the lock is taken.
func digestOf(body []byte) *digest {
	if len(body) <= journal.KeptBody {
		return nil
	}
	sum := sha256.Sum256(body)
	return &digest{len(body), hex.EncodeToString(sum[:digestBytes])}
}
