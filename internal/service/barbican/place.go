package barbican

import "strings"

// A place is what a path under /v1 names. Checks need it because the server has answers of
// its own for paths that are no operation's.
type place struct {
	kind  string // the first part after /v1: "containers"; empty outside /v1
	named bool   // there is a part after the kind
	id    string // that part
	below bool   // there is more after the id
	rest  string // all that comes after the id: "consumers/…"
}

// placeOf returns what a normalised path names.
func placeOf(path string) place {
	var p place
	rest, ok := strings.CutPrefix(path, v1+"/")
	if !ok {
		return p
	}
	p.kind, rest, p.named = strings.Cut(rest, "/")
	p.id, p.rest, p.below = strings.Cut(rest, "/")
	return p
}
