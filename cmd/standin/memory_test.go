package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Ensure a small heap may grow to several times its size, and a large one by a part of it.
func TestPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		live, growth int64
		loaded       bool
		want         int
	}{
		{0, growth, false, mostPercent},
		{5 << 20, 32 << 20, true, mostPercent},
		{32 << 20, 32 << 20, false, 100},
		{64 << 20, 32 << 20, false, 50},
		{64 << 20, 32 << 20, true, loadedPercent},
		{8 << 20, 4 << 20, false, 50},
		{1 << 20, growth, true, mostPercent},
		{growth, growth, true, 100},
		{2 * growth, growth, true, 50},
		{small, growth, true, leastPercent},
		{small + 1, growth, false, leastPercent},
		{small + 1, growth, true, loadedPercent},
		{1 << 30, growth, false, leastPercent},
		{1 << 30, growth, true, loadedPercent},
	} {
		if got := percent(c.live, c.growth, c.loaded); got != c.want {
			t.Errorf("%d bytes in use, growth %d, loaded %t: %d percent, want %d", c.live, c.growth, c.loaded, got, c.want)
		}
	}
}

// Ensure the limit of a container is found, in groups of both versions, and the lowest of several.
func TestContainerMemory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, groups string
		files        map[string]string
		want         int64
	}{
		{"no groups", "", nil, math.MaxInt64},
		{"version 2", "0::/\n", map[string]string{"memory.max": "67108864\n"}, 64 << 20},
		{"version 2 without a limit", "0::/\n", map[string]string{"memory.max": "max\n"}, math.MaxInt64},
		{"the group above has less", "0::/a/b\n", map[string]string{"a/b/memory.max": "2000", "a/memory.max": "1000", "memory.max": "max"}, 1000},
		{"the group has less", "0::/a/b\n", map[string]string{"a/b/memory.max": "1000", "a/memory.max": "2000"}, 1000},
		{"a group outside of what is mounted", "0::/../x\n", map[string]string{"memory.max": "1000"}, 1000},
		{"version 1", "9:name=systemd:/\n4:memory:/docker/x\n3:cpuset:/\n", map[string]string{"memory/docker/x/memory.limit_in_bytes": "1000"}, 1000},
		{"version 1 without a limit", "4:memory:/\n", map[string]string{"memory/memory.limit_in_bytes": "9223372036854771712"}, math.MaxInt64},
		{"not to be understood", "4:memory\n0::/\n", map[string]string{"memory.max": "much"}, math.MaxInt64},
	} {
		root := t.TempDir()
		groups := filepath.Join(root, "groups")
		put(t, groups, c.groups)
		for name, text := range c.files {
			put(t, filepath.Join(root, "fs", name), text)
		}
		if got := containerMemory(groups, filepath.Join(root, "fs")); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
