package catalog

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"standin/internal/file"
	"standin/internal/world"
)

// worlds holds the built-in fixtures that this process has loaded, by their names and the seed. A
// world does not change, so that emulators can share it.
var worlds = struct {
	sync.Mutex
	loaded map[string]loading
}{loaded: map[string]loading{}}

// A loading loads fixtures when it is called for the first time.
type loading func() (*world.Fixture, error)

// maxWorlds is the maximum number of fixtures that worlds holds.
const maxWorlds = 64

// Load loads fixtures, which are built-in ones and files. Later ones add records. If seed is nil,
// the seed is that of the last fixture that has one. Files are read by open; nil means os.ReadFile.
// Built-in fixtures are loaded once per process.
func (c *Catalog) Load(names []string, seed *int64, open func(path string) ([]byte, error)) (*world.Fixture, error) {
	loader := *c.Loader
	loader.Seed, loader.Open = seed, open
	for _, n := range names {
		if !slices.Contains(builtinFixtures(), n) {
			return loader.Load(names...)
		}
	}
	key := strings.Join(names, ",")
	if seed != nil {
		key = fmt.Sprintf("%s@%d", key, *seed)
	}
	return once(key, func() (*world.Fixture, error) { return loader.Load(names...) })()
}

// once returns the loading stored for a key. If there is none, it stores load.
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
		if err != nil { // a later call tries again
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

// builtinFixtures returns the names of the built-in fixtures.
var builtinFixtures = sync.OnceValue(func() []string { return NewLoader().Names() })

// BuiltinFixtures returns an error for names of files, since a request must not name files.
func (c *Catalog) BuiltinFixtures(names ...string) error {
	all := builtinFixtures()
	for _, n := range names {
		if !slices.Contains(all, n) {
			return fmt.Errorf("no built-in fixture %q%s; there are %s", n, file.Hint(n, all), strings.Join(all, ", "))
		}
	}
	return nil
}
