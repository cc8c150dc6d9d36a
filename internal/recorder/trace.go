package recorder

import (
	"encoding/json"
	"hash/maphash"
	"net/http"
	"strconv"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/value"
	"standin/internal/world"
)

// A Step is what is known of an exchange when the requests of a client are combined. It has hashes
// in place of values that may be secret. A hash of 0 means no value. Only hashes of the same
// process can be compared.
type Step struct {
	Sequence  uint64
	Service   string
	Operation string // empty if the request matches no operation
	Method    string
	Path      string // without the prefixes of sandbox and service
	Query     string
	Caller    string // the name of the user; empty if the caller is unknown

	Token   uint64 // of the token in the request
	Issued  uint64 // of the token in the answer, if it was a login that succeeded
	Body    uint64 // of the request's body
	Subject uint64 // of the member that names the record in the body: client_id, name, id, url
	Key     uint64 // of the header Idempotency-Key

	Began   time.Time // in real time
	Ended   time.Time // when the answer was complete or the connection was cut; zero while it is open
	Status  int       // 0 if no status line was sent
	End     journal.Ended
	Told    time.Duration // how long Retry-After says to wait, counting from the end of the answer
	HasTold bool          // the answer has a valid Retry-After

	Conn    uint64 // the number of the connection; 0 if unknown
	Same    uint64 // equal for requests with the same method, address, body and key
	Library bool   // the client's HTTP library probably repeated the request by itself
	Unseen  bool   // the connection was cut before any byte of the answer
	Changes []world.Change
}

// hashes is the seed of all hashes of steps.
var hashes = maphash.MakeSeed()

func hash(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	return maphash.Bytes(hashes, b) | 1
}

// Steps returns the steps of all entries that the journal holds, oldest first.
func (j *Journal) Steps() ([]Step, journal.Counts) {
	var all []found
	r := Reader{journal: j, query: &query{}}
	for more := true; more; {
		more = j.step(&r.place, r.query, true, &all)
	}
	steps := make([]Step, len(all))
	for i := range all {
		steps[i] = all[i].step(all[i].sequence)
	}
	return steps, r.Counts()
}

// step returns the Step of a copy of the record.
func (r *record) step(sequence uint64) Step {
	body := r.buf[r.request.head : r.request.head+r.request.body]
	s := Step{
		Sequence: sequence, Service: r.Service, Operation: r.Operation, Method: r.Method, Path: r.Route, Query: r.Query, Caller: r.Caller,
		Body: hash(body), Began: r.Began, Status: r.Status, End: r.ended, Conn: r.Conn, Library: r.retried, Unseen: r.Unseen, Changes: r.Changes,
	}
	if r.event > 0 {
		s.Ended = r.finished
	}
	for name, v := range r.headers(0, r.request.head) {
		switch name {
		case "X-Auth-Token":
			s.Token = hash([]byte(v))
		case "Authorization":
			if scheme, token, _ := strings.Cut(v, " "); strings.EqualFold(scheme, "Bearer") {
				s.Token = hash([]byte(token))
			}
		case "Idempotency-Key":
			s.Key = hash([]byte(v))
		}
	}
	if v, err := value.Parse(body); err == nil {
		s.Subject = subject(v)
	}
	s.Same = r.same(s.Key, s.Body)
	s.reply(r)
	return s
}

// same returns the hash of what makes two requests the same.
func (r *record) same(key, body uint64) uint64 {
	text := strings.Join([]string{r.Method, r.Path, r.Query, strconv.FormatUint(key, 36), strconv.FormatUint(body, 36)}, "\x00")
	return hash([]byte(text))
}

// subjects are members of a body that can name its record. The first one that is present counts.
var subjects = []string{"client_id", "name", "id", "job_id", "session_id", "url", "URL", "oauth_client_id"}

// subject returns the hash of the member that names the record of a body; 0 if there is none.
func subject(v any) uint64 {
	o, _ := v.(*value.Object)
	for _, name := range subjects {
		if text := o.Text(name); text != "" {
			return hash([]byte(text))
		}
	}
	return 0
}

// reply reads from the answer how long to wait, and which token it issued.
func (s *Step) reply(r *record) {
	at := r.request.head + r.request.body
	for name, v := range r.headers(at, r.reply.head) {
		switch name {
		case "Retry-After":
			s.Told, s.HasTold = wait(v, r.Now, r.finished.Sub(r.Began))
		case "X-Subject-Token":
			s.Issued = hash([]byte(v))
		}
	}
	if strings.HasPrefix(s.Operation, "privx.oauth.") || s.Operation == "privx.token.login" {
		var login struct {
			Token string `json:"access_token"`
		}
		if json.Unmarshal(r.buf[at+r.reply.head:at+r.reply.head+r.reply.body], &login) == nil {
			s.Issued = hash([]byte(login.Token))
		}
	}
	if s.Status >= http.StatusBadRequest {
		s.Issued = 0
	}
}

// wait reads a Retry-After: seconds, or a date. The date is on the clock that showed now when the
// exchange began; the answer came after took.
func wait(v string, now time.Time, took time.Duration) (time.Duration, bool) {
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)-took), true
}
