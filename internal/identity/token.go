package identity

import (
	"encoding/base64"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/world"
)

// A Token authenticates a user. It is in a fixture, or a login has issued it.
type Token struct {
	ID          string    `json:"id" fixture:"required"`
	UserID      string    `json:"user_id" fixture:"required"`          // the id of a user or of a PrivX API client
	ProjectID   string    `json:"project_id,omitempty"`                // empty: unscoped
	System      bool      `json:"system,omitempty"`                    // scoped to the system
	Methods     []string  `json:"methods,omitempty"`                   // the methods of the login
	AuditID     string    `json:"audit_id,omitempty"`                  // of Keystone
	ParentAudit string    `json:"parent_audit_id,omitempty"`           // the audit id of the first token, if the login was by token
	Credential  string    `json:"application_credential_id,omitempty"` // the id of the application credential of the login
	Issued      time.Time `json:"issued_at,omitzero"`                  // zero: it is from a fixture
	Expires     time.Time `json:"expires_at,omitzero"`                 // zero: never
	Permissions []string  `json:"privx_permissions,omitempty"`         // the permissions of a PrivX API client
	Refresh     string    `json:"privx_refresh_token,omitempty"`       // the refresh token of PrivX
	Revoked     bool      `json:"revoked,omitempty"`
}

// Expired reports whether the token is no longer valid.
func (t *Token) Expired(now time.Time) bool {
	return t.Revoked || !t.Expires.IsZero() && !now.Before(t.Expires)
}

const (
	// refreshable is the time after its expiry that a PrivX token can be refreshed.
	refreshable = 24 * time.Hour
	// remembered is the time after its expiry that Keystone can still show a token.
	remembered = 48 * time.Hour
)

// Gone returns the time from which the token can no longer be used, refreshed or shown.
func (t *Token) Gone() time.Time {
	if t.Refresh != "" {
		return t.Expires.Add(refreshable)
	}
	return t.Expires.Add(remembered)
}

// A Login is a service that issues tokens.
type Login string

// The values of Login.
const (
	ByKeystone Login = "keystone"
	ByPrivX    Login = "privx"
)

// From reports whether services that trust the login accept the token. They accept tokens that
// the login issued, and all tokens from fixtures.
func (t *Token) From(login Login) bool {
	return t.Issued.IsZero() || (t.Refresh != "") == (login == ByPrivX)
}

// Issue stores a new token. It removes issued tokens that are gone.
func Issue(tx *world.Tx, now time.Time, t *Token) {
	for {
		old := First(tokensByExpiry, tx, issued)
		if old == nil || now.Before(old.Gone()) {
			break
		}
		Tokens.Delete(tx, old.ID)
	}
	t.Expires = Writable(t.Expires)
	Tokens.Put(tx, t)
}

// Writable returns t, or file.LastTime if t is later: a fixture cannot hold a later time.
func Writable(t time.Time) time.Time {
	if t.After(file.LastTime) {
		return file.LastTime
	}
	return t
}

// Tokens of Keystone and PrivX contain random bytes in Base64, after FernetHead or the last dot. Some
// of these letters, from partAt, are slotWord and a slot, if there is one, and the mark of a sandbox. They
// are whole groups of Base64.
const (
	partAt   = 68
	slotWord = "slot" // so that a proxy takes no other token for one with a slot
	slotSize = 2
	markAt   = partAt + len(slotWord) + slotSize
	markSize = 10
	markEnd  = markAt + markSize

	checkSize = 3 // letters at the end of a mark that follow from the others
)

var letters = base64.RawURLEncoding

// NewMark returns the mark of a sandbox. Tokens contain it, so that a request with a token finds
// the sandbox that issued it.
func NewMark(sandbox string) string {
	drawn := letters.EncodeToString(world.Draw(0, "sandbox/"+sandbox, 0, markSize))[:markSize-checkSize]
	return drawn + checkOf(drawn)
}

func checkOf(drawn string) string {
	return letters.EncodeToString(world.Draw(0, "mark/"+drawn, 0, checkSize))[:checkSize]
}

// IsMark reports whether NewMark can have returned the text. Of other texts of its length, one in
// 262,144 passes too.
func IsMark(text string) bool {
	const check = markSize - checkSize
	return len(text) == markSize && text[check:] == checkOf(text[:check])
}

// Mint puts a slot and the mark of a sandbox into the random bytes of a token. It changes random and
// returns it. What is empty changes nothing. The slot has two letters of Base64.
func Mint(random []byte, slot, mark string) []byte {
	part := random[partAt/4*3 : markEnd/4*3]
	text := letters.AppendEncode(nil, part)
	if slot != "" {
		copy(text, slotWord+slot)
	}
	copy(text[markAt-partAt:], mark)
	_, _ = letters.Decode(part, text) // all letters are of Base64
	return random
}

// FernetHead is the start of every Keystone token.
const FernetHead = "gAAAAAB"

// MarkOf returns the letters of a token where its mark is, or an empty string if the token is too
// short.
func MarkOf(token string) string {
	random, ok := strings.CutPrefix(token, FernetHead)
	if !ok {
		random = token[strings.LastIndexByte(token, '.')+1:]
	}
	if len(random) < markEnd {
		return ""
	}
	return random[markAt:markEnd]
}

// issued is the partition of issued tokens that expire.
const issued = "issued"

var tokensByExpiry = Tokens.Index(func(t *Token) string {
	if t.Issued.IsZero() || t.Expires.IsZero() {
		return "fixed"
	}
	return issued
}, func(a, b *Token) int { return a.Gone().Compare(b.Gone()) })

// MemberToken returns a token from the fixture of the user that Member returns. It returns an
// empty string if that user has no valid one.
func MemberToken(v world.View) string {
	u, _ := Member(v)
	if u == nil {
		return ""
	}
	for t := range tokensByExpiry.All(v, "fixed", 0) {
		if t.UserID == u.ID && !t.Revoked && t.Expires.IsZero() {
			return t.ID
		}
	}
	return ""
}
