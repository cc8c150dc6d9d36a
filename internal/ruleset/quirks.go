package ruleset

import (
	"fmt"
	"slices"
	"strings"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/service"
)

// These are the profiles.
const (
	Documented = "documented" // no quirk is on
	Observed   = "observed"   // all quirks are on except settings of a server
)

var profiles = []string{Documented, Observed}

// KnownProfile returns an error if there is no profile with the name. It accepts an empty name.
func (k *Catalogue) KnownProfile(name string) error {
	if name == "" || slices.Contains(profiles, name) {
		return nil
	}
	return fmt.Errorf("no profile %q%s; expected %s", name, file.Hint(name, profiles), strings.Join(profiles, " or "))
}

// Quirks returns the quirks that are on. It starts with those of a profile and applies names in
// order. A name or a glob turns quirks on; with a leading dash it turns them off. A glob does not
// turn on settings.
func (k *Catalogue) Quirks(profile string, names ...string) (service.Quirks, error) {
	if err := k.KnownProfile(profile); err != nil {
		return nil, err
	}
	on := service.Quirks{}
	if profile == Observed {
		names = slices.Concat([]string{"*"}, names)
	}
	for _, name := range names {
		name, off := strings.CutPrefix(name, "-")
		found := k.named(name, off)
		if name == "" || len(found) == 0 && name != "*" {
			return nil, k.noQuirk(name)
		}
		for _, q := range found {
			if off {
				delete(on, q.Name)
			} else {
				on[q.Name] = true
			}
		}
	}
	return on, nil
}

// named returns the quirks that a name or a glob matches. A glob matches settings only if settings
// is true.
func (k *Catalogue) named(name string, settings bool) []*contract.Quirk {
	glob := contract.NewGlob(name)
	var found []*contract.Quirk
	for _, q := range k.quirks {
		if q.Name == name || glob.Match(q.Name) && (settings || !q.Setting) {
			found = append(found, q)
		}
	}
	return found
}

func (k *Catalogue) noQuirk(name string) error {
	var all []string
	for _, q := range k.quirks {
		all = append(all, q.Name)
	}
	if g := contract.NewGlob(name); name != "" && slices.ContainsFunc(all, g.Match) {
		return fmt.Errorf("%q matches only settings of a server: write the full name of each; standin quirks lists them", name)
	}
	return fmt.Errorf("no quirk %q%s; standin quirks lists them", name, file.Hint(name, all))
}
