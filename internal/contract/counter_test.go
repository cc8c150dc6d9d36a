package contract_test

import (
	"maps"
	"sync"
	"testing"

	"standin/internal/contract"
)

// Ensure a counter gives each number of a key once.
func TestCounter(t *testing.T) {
	t.Parallel()
	const each = 100
	var c contract.Counter[string]
	var all sync.WaitGroup
	var seen [2][each + 1]int
	var mu sync.Mutex
	for range each {
		for i, key := range []string{"a", "b"} {
			all.Go(func() {
				n := c.Add(key)
				mu.Lock()
				defer mu.Unlock()
				seen[i][n]++
			})
		}
	}
	all.Wait()
	for i := range seen {
		for n := 1; n <= each; n++ {
			if seen[i][n] != 1 {
				t.Errorf("key %d: the number %d was given %d times", i, n, seen[i][n])
			}
		}
	}
	if got := maps.Collect(c.All()); len(got) != 2 || got["a"] != each || got["b"] != each {
		t.Errorf("counted %v", got)
	}
}
