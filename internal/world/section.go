package world

import (
	"errors"
	"slices"

	"standin/internal/file"
)

// maxErrors is the max number of mistakes that are reported for a section.
const maxErrors = 20

func (s *Section) load(tx *Tx, n file.Node, limit int) error {
	if n.IsNull() {
		return nil
	}
	names, values, err := n.Members()
	if err != nil {
		return err
	}
	known := append(s.names(func(Collection) bool { return true }), "generate")
	var generate *file.Node
	lists := map[string]file.Node{}
	var errs []error
	for i, name := range names {
		switch key := name.Key(); {
		case key == "generate":
			generate = &values[i]
		case slices.Contains(known, key):
			lists[key] = values[i]
		default:
			errs = append(errs, name.Unknown(known))
		}
	}
	for _, c := range s.Collections {
		if list, ok := lists[c.Name]; ok {
			errs = append(errs, c.loadList(tx, list)...)
		}
		if len(errs) >= maxErrors {
			break
		}
	}
	if len(errs) == 0 && generate != nil {
		errs = append(errs, s.generate(tx, *generate, limit))
	}
	return errors.Join(errs...)
}

// names returns the names of the section's collections for which pick returns true.
func (s *Section) names(pick func(Collection) bool) []string {
	var list []string
	for _, c := range s.Collections {
		if pick(c) {
			list = append(list, c.Name)
		}
	}
	return list
}

func (c *Collection) loadList(tx *Tx, list file.Node) []error {
	if list.IsNull() {
		return nil
	}
	var errs []error
	seen := map[string]bool{}
	for item, err := range list.EachOf(c.form) {
		if err != nil {
			return append(errs, err)
		}
		key, err := c.Load(tx, item)
		if err == nil && seen[key] {
			err = item.Errorf("this record of %s is in the list twice", c.Name)
		}
		seen[key] = true
		if err != nil {
			errs = append(errs, err)
		}
		if len(errs) >= maxErrors {
			break
		}
	}
	return errs
}

// generateBlock requests generated records of one collection.
type generateBlock struct {
	Count int        `json:"count" fixture:"required"`
	With  *file.Node `json:"with"`
}

// defaultMaxGenerated is the default of Loader.MaxGenerated. It protects against typing mistakes.
const defaultMaxGenerated = 10_000_000

func (s *Section) generate(tx *Tx, n file.Node, limit int) error {
	names, values, err := n.Members()
	if err != nil {
		return err
	}
	blocks := map[string]generateBlock{}
	for i, name := range names {
		c := slices.IndexFunc(s.Collections, func(c Collection) bool { return c.Name == name.Key() && c.Generate != nil })
		if c < 0 {
			return name.Unknown(s.names(func(c Collection) bool { return c.Generate != nil }))
		}
		var b generateBlock
		if err := values[i].Decode(&b); err != nil {
			return err
		}
		if b.Count < 0 || b.Count > limit {
			return values[i].At("count").Errorf("expected a count from 0 to %d", limit)
		}
		blocks[name.Key()] = b
	}
	for _, c := range s.Collections {
		f := NewFaker(tx.w.seed, s.Name+"."+c.Name)
		for range blocks[c.Name].Count {
			if err := c.Generate(tx, f, blocks[c.Name].With); err != nil {
				return err
			}
		}
	}
	return nil
}
