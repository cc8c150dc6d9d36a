package world

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"standin/emulator/file"
)

// A Section is the part of a fixture that belongs to one service.
type Section struct {
	Name        string    // the key in the file: freezer, barbican…
	Kinds       []Clearer // all kinds of records that the section holds
	Collections []Collection
}

// A Clearer is a Kind of any record.
type Clearer interface{ Clear(tx *Tx) }

// A Collection is one list of records in a section.
type Collection struct {
	Name string // the key in the section: clients, containers…
	// Load stores one record and tells its key; a mistake is an error of the node.
	Load func(tx *Tx, n file.Node) (key string, err error)
	// Dump lists the records in an order in which Load accepts them again, each
	// as a value that encoding/json writes as the file has it.
	Dump func(v View) iter.Seq[any]
	// Generate makes a valid record, changed by the node if it is not nil, and
	// stores it. It is nil where records cannot be made up.
	Generate func(tx *Tx, f *Faker, with *file.Node) error
	// Fake makes a valid record without storing it, as Dump would list it.
	Fake func(v View, f *Faker) any
	form reflect.Type // of a record in the file
}

// NewCollection makes a collection out of functions on the record's form in the
// file, a struct with json tags. A nil fake says that records cannot be made up.
func NewCollection[R any](
	name string,
	store func(tx *Tx, r *R, at file.Node) (key string, err error),
	dump func(v View) iter.Seq[R],
	fake func(v View, f *Faker) R,
) Collection {
	c := Collection{
		Name: name,
		form: reflect.TypeFor[R](),
		Load: func(tx *Tx, n file.Node) (string, error) {
			var r R
			if err := n.Decode(&r); err != nil {
				return "", err
			}
			return store(tx, &r, n)
		},
		Dump: func(v View) iter.Seq[any] {
			return func(yield func(any) bool) {
				for r := range dump(v) {
					if !yield(r) {
						return
					}
				}
			}
		},
	}
	if fake == nil {
		return c
	}
	c.Fake = func(v View, f *Faker) any { return fake(v, f) }
	c.Generate = func(tx *Tx, f *Faker, with *file.Node) error {
		r, at := fake(tx, f), file.Node{}
		if with != nil {
			at = *with
			if err := with.DecodeOver(&r); err != nil {
				return err
			}
		}
		_, err := store(tx, &r, at)
		return err
	}
	return c
}

// PlainCollection is a collection whose records stand in the file as they are
// stored. The check, which may be nil, refuses records that lead nowhere.
func PlainCollection[T any](
	name string, kind *Kind[T], all *Index[T],
	check func(v View, r *T, at file.Node) error,
	fake func(v View, f *Faker) T,
) Collection {
	store := func(tx *Tx, r *T, at file.Node) (string, error) {
		if check != nil {
			if err := check(tx, r, at); err != nil {
				return "", err
			}
		}
		kind.Put(tx, r)
		return kind.key(r), nil
	}
	dump := func(v View) iter.Seq[T] {
		return func(yield func(T) bool) {
			for r := range all.Everything(v) {
				if !yield(*r) {
					return
				}
			}
		}
	}
	return NewCollection(name, store, dump, fake)
}

// A Fixture is a state to start from.
type Fixture struct {
	World  *World
	Freeze *time.Time // where the clock stands still; nil if it runs
}

// A Loader reads fixture files.
type Loader struct {
	Sections []Section // in the order in which they are loaded and dumped
	Builtin  fs.FS     // the fixtures that go by name: NAME.yaml
	// Fallback names a built-in fixture whose first section counts where no file
	// has that section: the cast of those who call.
	Fallback string
	Seed     *int64 // overrides the seed of the files
	// MostGenerated bounds the records that a generate block may make up; 0 is
	// ten million.
	MostGenerated int
}

// DefaultSeed is the seed where nobody gives one.
const DefaultSeed = 1

// fixtureHead is what a fixture holds beside the sections.
type fixtureHead struct {
	About   string             `json:"about,omitempty"`
	Extends string             `json:"extends,omitempty"`
	Clock   *clockHead         `json:"clock,omitempty"`
	Seed    *int64             `json:"seed,omitempty"`
	IDs     map[string]*stream `json:"ids,omitempty"`
}

type clockHead struct {
	Freeze time.Time `json:"freeze" fixture:"required"`
}

// stream tells where the generated ids of a kind of record stand.
type stream struct {
	First []string `json:"first,omitempty"` // given out first, as long as they are free
	Drawn uint64   `json:"drawn,omitempty"` // how many were generated
}

// A parsedFile is a fixture file taken apart.
type parsedFile struct {
	head     fixtureHead
	sections map[string]file.Node
}

// Names lists the built-in fixtures.
func (l *Loader) Names() []string {
	files, _ := fs.Glob(l.Builtin, "*.yaml")
	var names []string
	for _, f := range files {
		if name := strings.TrimSuffix(f, ".yaml"); name != l.Fallback {
			names = append(names, name)
		}
	}
	return names
}

// Load reads fixtures, each the name of a built-in one or the path of a file;
// later ones add to earlier ones. It tells all mistakes, or loads everything.
func (l *Loader) Load(names ...string) (*Fixture, error) {
	var files []*parsedFile
	for _, name := range names {
		more, err := l.open(name, ".", nil)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return l.build(files)
}

// LoadBytes reads one fixture that is at hand. It may extend built-in fixtures
// only: no path is taken from it.
func (l *Loader) LoadBytes(name string, data []byte) (*Fixture, error) {
	f, err := l.parse(name, data)
	if err != nil {
		return nil, err
	}
	files := []*parsedFile{f}
	if ext := f.head.Extends; ext != "" {
		if !slices.Contains(l.Names(), ext) {
			return nil, &file.Error{File: name, Message: fmt.Sprintf("extends %q: only built-in fixtures can be extended here", ext)}
		}
		base, err := l.open(ext, ".", nil)
		if err != nil {
			return nil, err
		}
		files = append(base, f)
	}
	return l.build(files)
}

// Replace loads one section into a world in place of the records it has there;
// the other sections stay. The bytes are a fixture that holds that section alone.
func (l *Loader) Replace(w *World, name, section string, data []byte) (*World, error) {
	f, err := l.parse(name, data)
	if err != nil {
		return nil, err
	}
	n, ok := f.sections[section]
	if !ok || len(f.sections) > 1 || f.head.Extends != "" {
		return nil, &file.Error{File: name, Message: fmt.Sprintf("expected a fixture with the section %q alone", section)}
	}
	tx, s := w.Begin(), l.section(section)
	for _, k := range s.Kinds {
		k.Clear(tx)
	}
	if err := s.load(tx, n, l.mostGenerated()); err != nil {
		return nil, err
	}
	return tx.Commit(), nil
}

// open reads a fixture and those it extends, which come first.
func (l *Loader) open(name, dir string, via []string) ([]*parsedFile, error) {
	if slices.Contains(via, name) {
		return nil, &file.Error{File: name, Message: "extends itself: " + strings.Join(append(via, name), " → ")}
	}
	label, data, next, err := l.readFile(name, dir)
	if err != nil {
		return nil, err
	}
	f, err := l.parse(label, data)
	if err != nil {
		return nil, err
	}
	if f.head.Extends == "" {
		return []*parsedFile{f}, nil
	}
	base, err := l.open(f.head.Extends, next, append(via, name))
	return append(base, f), err
}

func (l *Loader) readFile(name, dir string) (label string, data []byte, next string, err error) {
	if data, err := fs.ReadFile(l.Builtin, name+".yaml"); err == nil {
		return path.Join("fixtures", name+".yaml"), data, ".", nil
	}
	where := name
	if !filepath.IsAbs(where) {
		where = filepath.Join(dir, name)
	}
	data, err = os.ReadFile(where)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, "", fmt.Errorf("fixture %q: no such file, and no built-in fixture of that name%s (built in: %s)",
			name, file.Hint(name, l.Names()), strings.Join(l.Names(), ", "))
	}
	return where, data, filepath.Dir(where), err
}

func (l *Loader) parse(name string, data []byte) (*parsedFile, error) {
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	names, values, err := root.Members()
	if err != nil {
		return nil, err
	}
	f := &parsedFile{sections: map[string]file.Node{}}
	known := file.Keys[fixtureHead]()
	for _, s := range l.Sections {
		known = append(known, s.Name)
	}
	for i, n := range names {
		switch {
		case !slices.Contains(known, n.Key()):
			return nil, n.Unknown(known)
		case l.section(n.Key()) != nil:
			f.sections[n.Key()] = values[i]
		}
	}
	head := root.Without(func(key string) bool { return l.section(key) != nil })
	return f, head.Decode(&f.head)
}

func (l *Loader) mostGenerated() int { return cmp.Or(l.MostGenerated, mostGenerated) }

func (l *Loader) section(name string) *Section {
	for i := range l.Sections {
		if l.Sections[i].Name == name {
			return &l.Sections[i]
		}
	}
	return nil
}

func (l *Loader) build(files []*parsedFile) (*Fixture, error) {
	cast := l.Sections[0].Name
	if !slices.ContainsFunc(files, func(f *parsedFile) bool { _, ok := f.sections[cast]; return ok }) {
		base, err := l.open(l.Fallback, ".", nil)
		if err != nil {
			return nil, err
		}
		files = append(base, files...)
	}
	fx := &Fixture{}
	seed := int64(DefaultSeed)
	for _, f := range files {
		if f.head.Seed != nil {
			seed = *f.head.Seed
		}
		if f.head.Clock != nil {
			fx.Freeze = &f.head.Clock.Freeze
		}
	}
	if l.Seed != nil {
		seed = *l.Seed
	}
	tx := New(seed).Begin()
	for _, f := range files {
		if err := l.loadFile(tx, f); err != nil {
			return nil, err
		}
	}
	fx.World = tx.Commit()
	return fx, nil
}

func (l *Loader) loadFile(tx *Tx, f *parsedFile) error {
	for name, s := range f.head.IDs {
		tx.setStream(name, s)
	}
	for i := range l.Sections {
		if n, ok := f.sections[l.Sections[i].Name]; ok {
			if err := l.Sections[i].load(tx, n, l.mostGenerated()); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostErrors is how many mistakes in one section are told at once.
const mostErrors = 20

func (s *Section) load(tx *Tx, n file.Node, most int) error {
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
	for i, name := range names {
		switch key := name.Key(); {
		case key == "generate":
			generate = &values[i]
		case slices.Contains(known, key):
			lists[key] = values[i]
		default:
			return name.Unknown(known)
		}
	}
	var errs []error
	for _, c := range s.Collections {
		if list, ok := lists[c.Name]; ok {
			errs = append(errs, c.loadList(tx, list)...)
		}
		if len(errs) >= mostErrors {
			break
		}
	}
	if len(errs) == 0 && generate != nil {
		errs = append(errs, s.generate(tx, *generate, most))
	}
	return errors.Join(errs...)
}

// names lists those of the section's collections that the function picks.
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
	items, err := list.Items()
	if err != nil {
		return []error{err}
	}
	var errs []error
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		key, err := c.Load(tx, item)
		if err == nil && seen[key] {
			err = item.Errorf("this record of %s is in the list twice", c.Name)
		}
		seen[key] = true
		if err != nil {
			errs = append(errs, err)
		}
		if len(errs) >= mostErrors {
			break
		}
	}
	return errs
}

// generateBlock asks for made-up records of one collection.
type generateBlock struct {
	Count int        `json:"count" fixture:"required"`
	With  *file.Node `json:"with"`
}

// mostGenerated bounds a block where the loader says nothing, against a slip of
// the finger.
const mostGenerated = 10_000_000

func (s *Section) generate(tx *Tx, n file.Node, most int) error {
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
		if b.Count < 0 || b.Count > most {
			return values[i].At("count").Errorf("expected a count from 0 to %d", most)
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
