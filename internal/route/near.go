package route

import (
	"slices"

	"standin/internal/contract"
	"standin/internal/file"
)

// maxNear bounds the paths that a wrong one may have meant.
const maxNear = 3

// Near lists paths of the services that are like a path.
func (rs *Table) Near(path string) []string {
	var all []*contract.Contract
	for _, b := range rs.Services {
		all = append(all, b.Contract)
	}
	return Near(all, path)
}

// Near lists paths of contracts that are like a path: the same one under the prefixes
// of their services, if it is there only, else what is spelled alike.
func Near(contracts []*contract.Contract, path string) []string {
	all, prefixed := []string{}, []string{}
	for _, ct := range contracts {
		for _, op := range ct.Operations {
			full := ct.Prefix + op.Path
			if op.Path == path && full != path && !slices.Contains(prefixed, full) {
				prefixed = append(prefixed, full)
			}
			for _, p := range []string{op.Path, full} {
				if p != path && !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
		}
	}
	if len(prefixed) > 0 {
		return prefixed
	}
	return append([]string{}, file.Nearest(path, all, maxNear)...)
}
