package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
)

// The heap may grow by a number of bytes before it is collected, but not by more than mostPercent of what
// is in use, and always by leastPercent. Since a collection looks through all of a heap, one with more than
// small in use may grow by loadedPercent when the fixtures are loaded.
const (
	growth        = 6 << 20 // bytes
	mostPercent   = 400
	leastPercent  = 45
	small         = 16 << 20 // bytes
	loadedPercent = 100
)

// ofLimit is the part of a container's memory that the heap and what belongs to it may take, in percent.
const ofLimit = 80

// heap is the collector of the process; nil if GOGC is set, and in tests.
var heap *collector

// limitMemory lets the collector keep the process small: its heap grows by a number of bytes, and not by
// a multiple of a large world, and it stays within the limit of the container. GOGC and GOMEMLIMIT in
// the environment override the first and the second. It returns nil if GOGC is set.
func limitMemory() *collector {
	most := containerMemory("/proc/self/cgroup", "/sys/fs/cgroup")
	if os.Getenv("GOMEMLIMIT") == "" && most < math.MaxInt64 {
		debug.SetMemoryLimit(most / 100 * ofLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(mostPercent)
		c := &collector{percent: mostPercent, growth: min(growth, most/4)}
		c.watch()
		return c
	}
	return nil
}

// large is the size of a process from which on memory is given back after loading.
const large = 64 << 20

// loaded is called when the fixtures are loaded. It returns memory to the system that only loading
// needed.
func (c *collector) loaded() {
	if c == nil {
		return
	}
	c.done.Store(true)
	size := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	if metrics.Read(size); size[0].Value.Uint64() > large {
		debug.FreeOSMemory()
	}
}

// A collector sets after each collection at which size of the heap the next one begins.
type collector struct {
	percent int
	growth  int64
	done    atomic.Bool // the fixtures are loaded
}

// watch waits for the next collection. A collection runs the finalizer of an object that is not used.
func (c *collector) watch() {
	runtime.SetFinalizer(new([16]byte), func(*[16]byte) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if p := percent(int64(live[0].Value.Uint64()), c.growth, c.done.Load()); p < c.percent*9/10 || p > c.percent*11/10 {
			c.percent = p
			debug.SetGCPercent(p)
		}
		c.watch()
	})
}

// percent returns by how much a heap may grow, in percent of what is in use.
func percent(live, growth int64, loaded bool) int {
	least := leastPercent
	if loaded && live > small {
		least = loadedPercent
	}
	return max(min(int(growth*100/max(live, 1)), mostPercent), least)
}

// unlimited is more than any machine has. A group of version 1 without a limit has a number like it.
const unlimited = 1 << 60

// containerMemory returns the lowest limit of the memory of the process's control group and those above
// it. It returns math.MaxInt64 if there is none. It reads groups of version 2 and 1.
func containerMemory(groups, root string) int64 {
	lowest := int64(math.MaxInt64)
	text, _ := os.ReadFile(groups)
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 || parts[1] != "" && parts[1] != "memory" {
			continue
		}
		name := "memory.max"
		if parts[1] != "" { // of version 1
			name = "memory.limit_in_bytes"
		}
		for group := filepath.Join(root, parts[1], filepath.Clean("/"+parts[2])); strings.HasPrefix(group, root); group = filepath.Dir(group) {
			text, _ := os.ReadFile(filepath.Join(group, name))
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && n < unlimited {
				lowest = min(lowest, n)
			}
		}
	}
	return lowest
}
