package route

import (
	"slices"

	"standin/internal/contract"
	"standin/internal/file"
)

// maxNear is the max number of paths in a hint.
const maxNear = 3

// Near returns paths of the services that are close to path.
func (rs *Table) Near(path string) []string {
	var all []*contract.Contract
	for _, b := range rs.Services {
		all = append(all, b.Contract)
	}
	return Near(all, path)
}

// Near returns paths of the contracts that are close to path. It returns the same path under the
// prefixes of services, if there is one, or else paths of similar spelling.
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
