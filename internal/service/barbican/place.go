package barbican

import "strings"

// A place is what a path under /v1 names. Checks need it because the server has special errors
// for unknown paths.
type place struct {
	kind  string // the first part after /v1, for example "containers"; empty outside of /v1
	named bool   // there is a part after kind
	id    string // that part
	below bool   // there is a part after id
	rest  string // everything after id, for example "consumers/…"
}

// placeOf returns the place of a normalised path.
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
