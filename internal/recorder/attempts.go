package recorder

import (
	"hash/maphash"
	"net/http"
	"time"

	"standin/emulator/journal"
)

// attempts holds the requests that failed recently, so that a repeated request is recognised as
// another attempt. It holds at most maxAttempts requests and forgets the oldest first.
type attempts struct {
	known map[uint64]tried
	order []uint64
	seed  maphash.Seed
	began bool
}

type tried struct {
	attempt int
	unseen  bool // the connection was cut before any byte of the answer
	at      time.Time
	conn    uint64
}

const maxAttempts = 1024

// transport is the longest time after which an HTTP library repeats a request by itself, when the
// connection was cut before any byte of the answer.
const transport = 100 * time.Millisecond

func (a *attempts) any() bool { return len(a.known) > 0 }

// open sets the attempt number of a request.
func (a *attempts) open(r *record, header http.Header, body []byte) {
	r.identity = a.identity(&r.Opening, header.Get("Idempotency-Key"), body)
	t, ok := a.known[r.identity]
	if !ok {
		return
	}
	r.attempt = t.attempt + 1
	r.retried = t.unseen && r.Began.Sub(t.at) < transport && (r.Conn == 0 || r.Conn != t.conn)
	delete(a.known, r.identity)
}

// failed remembers a request that failed. If Failing was called while the request was open, the
// client may have sent it again meanwhile; then failed does nothing.
func (a *attempts) failed(r *record) {
	if _, ok := a.known[r.identity]; r.failing && !ok {
		return
	}
	r.failing = true
	if r.identity == 0 {
		key := ""
		for name, v := range r.headers(0, r.request.head) {
			if name == "Idempotency-Key" {
				key = v
			}
		}
		r.identity = a.identity(&r.Opening, key, r.buf[r.request.head:r.request.head+r.request.body])
	}
	if a.known == nil {
		a.known = map[uint64]tried{}
	}
	if _, ok := a.known[r.identity]; !ok {
		if len(a.order) >= maxAttempts {
			delete(a.known, a.order[0])
			a.order = a.order[1:]
		}
		a.order = append(a.order, r.identity)
	}
	a.known[r.identity] = tried{attempt: r.attempt, unseen: r.Unseen, at: time.Now(), conn: r.Conn}
}

// succeeded forgets a request that was expected to fail and did not, unless the client has sent it
// again meanwhile.
func (a *attempts) succeeded(r *record) {
	if t, ok := a.known[r.identity]; ok && t.attempt == r.attempt {
		delete(a.known, r.identity)
	}
}

// identity returns a hash of what makes two requests the same: method, path, query, body and
// Idempotency-Key.
func (a *attempts) identity(o *Opening, key string, body []byte) uint64 {
	if !a.began {
		a.seed, a.began = maphash.MakeSeed(), true
	}
	var h maphash.Hash
	h.SetSeed(a.seed)
	for _, s := range []string{o.Method, o.Path, o.Query, key} {
		_, _ = h.WriteString(s)
		_ = h.WriteByte(0)
	}
	_, _ = h.Write(body[:min(len(body), journal.KeptBody)])
	return h.Sum64() | 1 // 0 means not computed
}
