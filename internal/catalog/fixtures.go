package catalog

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"standin/internal/file"
	"standin/internal/world"
)

// worlds are the built-in fixtures that were loaded in this process, by their names
// and the seed. A world does not change: every emulator may start from the same one.
var worlds = struct {
	sync.Mutex
	loaded map[string]loading
}{loaded: map[string]loading{}}

// A loading loads fixtures when it is first called.
type loading func() (*world.Fixture, error)

// maxWorlds bounds how many are kept.
const maxWorlds = 64

// Load loads fixtures, built-in ones and files, each on top of those before it. Without a seed
// they have that of the last fixture that names one. Files are read by open; nil: os.ReadFile.
// Built-in ones are loaded once.
func (c *Catalog) Load(names []string, seed *int64, open func(path string) ([]byte, error)) (*world.Fixture, error) {
	loader := *c.Loader
	loader.Seed, loader.Open = seed, open
	for _, n := range names {
		if !slices.Contains(loader.Names(), n) {
			return loader.Load(names...)
		}
	}
	key := strings.Join(names, ",")
	if seed != nil {
		key = fmt.Sprintf("%s@%d", key, *seed)
	}
	return once(key, func() (*world.Fixture, error) { return loader.Load(names...) })()
}

// once is the loading of a key; that of the caller if there is none yet.
func once(key string, load loading) loading {
	worlds.Lock()
	defer worlds.Unlock()
	if l := worlds.loaded[key]; l != nil {
		return l
	}
	if len(worlds.loaded) >= maxWorlds {
		clear(worlds.loaded)
	}
	l := loading(sync.OnceValues(func() (*world.Fixture, error) {
		fx, err := load()
		if err != nil { // it is tried again
			forget(key)
		}
		return fx, err
	}))
	worlds.loaded[key] = l
	return l
}

func forget(key string) {
	worlds.Lock()
	defer worlds.Unlock()
	delete(worlds.loaded, key)
}

// BuiltinFixtures refuses names of files: none is taken from a request.
func (c *Catalog) BuiltinFixtures(names ...string) error {
	all := c.Loader.Names()
	for _, n := range names {
		if !slices.Contains(all, n) {
			return fmt.Errorf("no built-in fixture %q%s; there are %s", n, file.Hint(n, all), strings.Join(all, ", "))
		}
	}
	return nil
}
