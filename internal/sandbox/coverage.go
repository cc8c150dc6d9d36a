package sandbox

import (
	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/coverage"
)

// Cover counts what a client has met in the sandbox, for the sandbox and for all.
func (s *Sandbox) Cover(m *coverage.Met) {
	all := [...]*coverage.Counts{s.covered, s.registry.covered, coverage.Process()}
	coverage.Count(m, all[:]...)
	if st := s.start.Load(); len(st.Quirks) > 0 && s.noted.Load() != st {
		s.noted.Store(st)
		for name := range st.Quirks {
			for _, c := range all {
				c.Quirk(name)
			}
		}
	}
}

// Coverage returns what clients have met in the sandbox since it was created. A reset keeps it.
func (s *Sandbox) Coverage() *coverage.Report {
	r := s.covered.Report(s.registry.contracts()...)
	r.Sandbox = s.name
	return r
}

// Coverage returns what clients have met in all sandboxes, including those that are deleted.
func (r *Registry) Coverage() *coverage.Report { return r.covered.Report(r.contracts()...) }

// Totals returns how often operations were answered, in all sandboxes, and how many requests match no
// operation.
func (r *Registry) Totals() (all []coverage.Total, unmatched uint64) { return r.covered.Totals() }

// contracts returns the contracts of the services, without that of the control API.
func (r *Registry) contracts() []*contract.Contract {
	return catalog.WithoutControl(r.catalog.Contracts)
}
