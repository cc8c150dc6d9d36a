package recorder

import (
	"hash/maphash"
	"net/http"
	"time"

	"standin/emulator/journal"
)

// attempts know the requests that failed lately, so that one that is sent again
// is known as another attempt. They are few, and forgotten first in, first out.
type attempts struct {
	known map[uint64]tried
	order []uint64
	seed  maphash.Seed
	began bool
}

type tried struct {
	attempt int
	unseen  bool // it was cut without a byte
	at      time.Time
	conn    uint64
}

const maxAttempts = 1024

// transport is how soon a library repeats a request by itself, when its
// connection was cut without a byte.
const transport = 100 * time.Millisecond

func (a *attempts) any() bool { return len(a.known) > 0 }

// open gives a request its number among the attempts.
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

// failed remembers a request that failed. Where that was known before it ended,
// it may have been sent again meanwhile.
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

// succeeded forgets a request that was going to fail and did not, unless it has
// been sent again meanwhile.
func (a *attempts) succeeded(r *record) {
	if t, ok := a.known[r.identity]; ok && t.attempt == r.attempt {
		delete(a.known, r.identity)
	}
}

// identity is what makes two requests the same: method, address, body, key.
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
	return h.Sum64() | 1 // 0 is: not known
}
