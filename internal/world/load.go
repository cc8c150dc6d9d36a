package world

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"standin/internal/file"
)

// A Loader loads fixtures.
type Loader struct {
	Sections []Section // in the order of loading and dumping
	Builtin  fs.FS     // the built-in fixtures, as NAME.yaml, and those that are read faster as json/NAME.json too
	// Fallback is the name of a built-in fixture. Its first section is used if no file has that
	// section: it holds the callers of the cast.
	Fallback string
	Seed     *int64 // overrides the seed of the files; nil: no override
	// Open reads a file; nil means os.ReadFile.
	Open func(path string) ([]byte, error)
	// MaxGenerated is the max number of records of a generate block; 0 means ten million.
	MaxGenerated int
}

// DefaultSeed is the seed if neither a file nor an option sets one.
const DefaultSeed = 1

// fixtureHead is the part of a fixture outside of the sections.
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

// stream is the state of a stream of generated ids.
type stream struct {
	First []string `json:"first,omitempty"` // used before generated ids, unless they are taken
	Drawn uint64   `json:"drawn,omitempty"` // number of ids generated
}

// A parsedFile is a fixture file after parsing.
type parsedFile struct {
	path     string // empty for built-in fixtures and for LoadBytes
	name     string
	data     []byte
	head     fixtureHead
	extends  file.Node
	sections map[string]file.Node
}

// partial reports whether only a part of the file is parsed.
func (f *parsedFile) partial() bool { return f.extends.Partial() }

// Names returns the names of the built-in fixtures.
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

// Load loads fixtures. A name is that of a built-in fixture, or the path of a file. Records of
// later fixtures are added to those of earlier ones. Load returns an error with all mistakes, or
// else the complete fixture.
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

// LoadBytes loads a fixture from data. It may extend only built-in fixtures, so that data cannot
// name a file.
func (l *Loader) LoadBytes(name string, data []byte) (*Fixture, error) {
	f, err := l.parse(name, data)
	if err != nil {
		return nil, err
	}
	files := []*parsedFile{f}
	if ext := f.head.Extends; ext != "" {
		if !slices.Contains(l.Names(), ext) {
			return nil, f.extends.Errorf("extends %q: only built-in fixtures can be extended here", ext)
		}
		base, err := l.open(ext, ".", nil)
		if err != nil {
			return nil, err
		}
		files = append(base, f)
	}
	return l.build(files)
}

// Replace returns a copy of w with the records of one section replaced. data is a fixture with
// only that section.
func (l *Loader) Replace(w *World, name, section string, data []byte) (*World, error) {
	f, err := l.parse(name, data)
	if err != nil {
		return nil, err
	}
	if _, ok := f.sections[section]; !ok || len(f.sections) > 1 || f.head.Extends != "" {
		return nil, &file.Error{File: name, Message: fmt.Sprintf("expected a fixture with the section %q only", section)}
	}
	var changed *World
	err = l.whole([]*parsedFile{f}, func() error {
		tx, s := w.Begin(), l.section(section)
		for _, k := range s.Kinds {
			k.Clear(tx)
		}
		err := s.load(tx, f.sections[section], l.maxGenerated())
		changed = tx.Commit()
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// whole calls load. If that fails, and a part of a file is not parsed, it calls load again with the whole
// files: they may be right, or have a better message.
func (l *Loader) whole(files []*parsedFile, load func() error) error {
	err := load()
	if err == nil || !slices.ContainsFunc(files, (*parsedFile).partial) {
		return err
	}
	for _, f := range files {
		whole, err := l.parseWhole(f.name, f.data)
		if err != nil {
			return err
		}
		f.sections = whole.sections
	}
	return load()
}

// open reads a fixture and the fixtures that it extends. It returns those first.
func (l *Loader) open(name, dir string, via []string) ([]*parsedFile, error) {
	if slices.Contains(via, name) {
		return nil, &file.Error{File: name, Message: "extends itself: " + strings.Join(append(via, name), " → ")}
	}
	label, data, next, builtin, err := l.readFile(name, dir)
	if err != nil {
		return nil, err
	}
	f, err := l.parse(label, data)
	if err != nil {
		return nil, err
	}
	if !builtin {
		f.path = label
	}
	if f.head.Extends == "" {
		return []*parsedFile{f}, nil
	}
	base, err := l.open(f.head.Extends, next, append(via, name))
	if err != nil && len(via) == 0 && !errors.As(err, new(*file.Error)) {
		err = f.extends.Errorf("%s", err)
	}
	return append(base, f), err
}

func (l *Loader) readFile(name, dir string) (label string, data []byte, next string, builtin bool, err error) {
	if label, data = l.readBuiltin(name); label != "" {
		return label, data, ".", true, nil
	}
	where := name
	if !filepath.IsAbs(where) {
		where = filepath.Join(dir, name)
	}
	open := l.Open
	if open == nil {
		open = os.ReadFile
	}
	data, err = open(where)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, "", false, fmt.Errorf("fixture %q: no such file, and no built-in fixture of that name%s (built in: %s)",
			name, file.Hint(name, l.Names()), strings.Join(l.Names(), ", "))
	}
	return where, data, filepath.Dir(where), false, err
}

// readBuiltin reads a built-in fixture. It returns no label if there is none of that name.
func (l *Loader) readBuiltin(name string) (label string, data []byte) {
	label = "json/" + name + ".json"
	data, err := fs.ReadFile(l.Builtin, label)
	if err != nil {
		label = name + ".yaml"
		data, err = fs.ReadFile(l.Builtin, label)
	}
	if err != nil {
		return "", nil
	}
	return "fixtures/" + label, data
}

func (l *Loader) parse(name string, data []byte) (*parsedFile, error) {
	if file.Empty(data) {
		return nil, &file.Error{File: name, Line: 1, Column: 1, Message: "the file is empty; a fixture without records is {}"}
	}
	root, err := file.ParseLong(name, data)
	if err != nil {
		return nil, err
	}
	f, err := l.newFile(name, data, root)
	if err != nil && root.Partial() {
		return l.parseWhole(name, data)
	}
	return f, err
}

func (l *Loader) parseWhole(name string, data []byte) (*parsedFile, error) {
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	return l.newFile(name, data, root)
}

func (l *Loader) newFile(name string, data []byte, root file.Node) (*parsedFile, error) {
	names, values, err := root.Members()
	if err != nil {
		return nil, err
	}
	f := &parsedFile{name: name, data: data, sections: map[string]file.Node{}, extends: root.At("extends")}
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

func (l *Loader) maxGenerated() int { return cmp.Or(l.MaxGenerated, defaultMaxGenerated) }

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
		if f.path != "" {
			fx.Files = append(fx.Files, f.path)
		}
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
	err := l.whole(files, func() error {
		tx := New(seed).Begin()
		for _, f := range files {
			if err := l.loadFile(tx, f); err != nil {
				return err
			}
		}
		fx.World = tx.Commit()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fx, nil
}

func (l *Loader) loadFile(tx *Tx, f *parsedFile) error {
	for name, s := range f.head.IDs {
		tx.setStream(name, s)
	}
	var errs []error
	for i := range l.Sections {
		if n, ok := f.sections[l.Sections[i].Name]; ok {
			errs = append(errs, l.Sections[i].load(tx, n, l.maxGenerated()))
		}
	}
	return file.Sorted(errors.Join(errs...))
}
