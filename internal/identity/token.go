package identity

import (
	"encoding/base64"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/world"
)

// A Token stands for a user. It is fixed in a fixture, or a login issued it.
type Token struct {
	ID          string    `json:"id" fixture:"required"`
	UserID      string    `json:"user_id" fixture:"required"`          // of a user, or of a PrivX API client
	ProjectID   string    `json:"project_id,omitempty"`                // empty: unscoped
	System      bool      `json:"system,omitempty"`                    // for the whole system
	Methods     []string  `json:"methods,omitempty"`                   // how it was obtained
	AuditID     string    `json:"audit_id,omitempty"`                  // Keystone's
	ParentAudit string    `json:"parent_audit_id,omitempty"`           // of the first token in a chain of logins by token
	Credential  string    `json:"application_credential_id,omitempty"` // that the login was by
	Issued      time.Time `json:"issued_at,omitzero"`                  //
	Expires     time.Time `json:"expires_at,omitzero"`                 // zero: never
	Permissions []string  `json:"privx_permissions,omitempty"`         // of a PrivX API client
	Refresh     string    `json:"privx_refresh_token,omitempty"`       // PrivX
	Revoked     bool      `json:"revoked,omitempty"`
}

// Expired reports whether the token is no longer valid.
func (t *Token) Expired(now time.Time) bool {
	return t.Revoked || !t.Expires.IsZero() && !now.Before(t.Expires)
}

const (
	// refreshable is how much longer a token of PrivX can be refreshed than used.
	refreshable = 24 * time.Hour
	// remembered is how much longer Keystone can show a token than it can be used.
	remembered = 48 * time.Hour
)

// Gone returns the time from which the token can be neither used nor refreshed nor shown.
func (t *Token) Gone() time.Time {
	if t.Refresh != "" {
		return t.Expires.Add(refreshable)
	}
	return t.Expires.Add(remembered)
}

// A Login is where tokens are issued.
type Login string

// The logins.
const (
	ByKeystone Login = "keystone"
	ByPrivX    Login = "privx"
)

// From reports whether the token is good at services that trust the login. An issued token
// is good where its login is trusted. A token of a fixture is good everywhere.
func (t *Token) From(login Login) bool {
	return t.Issued.IsZero() || (t.Refresh != "") == (login == ByPrivX)
}

// Issue stores a token that was just made. It removes issued tokens that nobody can use
// any more.
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

// Writable returns the time, or the last time that a fixture can hold if that is earlier.
func Writable(t time.Time) time.Time {
	if t.After(file.LastTime) {
		return file.LastTime
	}
	return t
}

// The mark of a sandbox is at this place in the random bytes of a token. Base64 begins
// a group of letters there.
const (
	markAt   = 57
	markSize = 6
)

// NewMark returns the mark of a sandbox. Tokens hold it, so that they lead back into the
// sandbox that issued them.
func NewMark(sandbox string) []byte { return world.Draw(0, "sandbox/"+sandbox, 0, markSize) }

// Mint puts the mark of a sandbox into random bytes that become a token. It changes the
// bytes and returns them. Tokens of Keystone and of PrivX hold them in Base64, after
// FernetHead or the last dot. A nil mark changes nothing.
func Mint(random, mark []byte) []byte {
	copy(random[markAt:markAt+markSize], mark)
	return random
}

// FernetHead is the beginning of every token of Keystone.
const FernetHead = "gAAAAAB"

// MarkOf returns the mark in a token, or an empty string if the token has none.
func MarkOf(token string) string {
	random, ok := strings.CutPrefix(token, FernetHead)
	if !ok {
		random = token[strings.LastIndexByte(token, '.')+1:]
	}
	const from, to = markAt / 3 * 4, (markAt + markSize) / 3 * 4
	if len(random) < to {
		return ""
	}
	mark, err := base64.RawURLEncoding.DecodeString(random[from:to])
	if err != nil {
		return ""
	}
	return string(mark)
}

// issued is the partition of the tokens that were issued and will expire.
const issued = "issued"

var tokensByExpiry = Tokens.Index(func(t *Token) string {
	if t.Issued.IsZero() || t.Expires.IsZero() {
		return "fixed"
	}
	return issued
}, func(a, b *Token) int { return a.Gone().Compare(b.Gone()) })

// MemberToken returns a fixed token of the user that Member finds. It returns an empty
// string if the user has no usable one.
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
