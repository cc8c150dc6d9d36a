package service

import (
	"encoding/base64"
	"strings"

	"standin/internal/world"
)

// Issue stores a token that was just made, and clears away issued ones that
// have expired meanwhile.
func Issue(c *Call, t *Token) {
	for {
		old := First(tokensByExpiry, c.View, issued)
		if old == nil || c.Now.Before(old.Gone()) {
			break
		}
		Tokens.Delete(c.Tx(), old.ID)
	}
	t.Expires = Writable(t.Expires)
	Tokens.Put(c.Tx(), t)
}

// The mark of a sandbox stands at this place in the random bytes of a token, where
// Base64 begins a group of letters.
const (
	markAt   = 57
	markSize = 6
)

// NewMark is the mark of the sandbox of that name.
func NewMark(sandbox string) []byte { return world.Draw(0, "sandbox/"+sandbox, 0, markSize) }

// Mint puts the mark of the call's sandbox into random bytes that become a token:
// tokens of Keystone and of PrivX, which encode them in Base64, behind FernetHead
// or the last dot.
func (c *Call) Mint(random []byte) []byte {
	copy(random[markAt:markAt+markSize], c.Mark)
	return random
}

// FernetHead is what every token of Keystone begins with.
const FernetHead = "gAAAAAB"

// MarkOf finds the mark in a token; empty if it holds none.
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

// issued is the partition of tokens that were issued and will expire.
const issued = "issued"

var tokensByExpiry = Tokens.Index(func(t *Token) string {
	if t.Issued.IsZero() || t.Expires.IsZero() {
		return "fixed"
	}
	return issued
}, func(a, b *Token) int { return a.Gone().Compare(b.Gone()) })

// MemberToken is the fixed token of the user whom Member finds; empty if there is none
// that can be used.
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
