//go:build race

package main

// underRace reports whether the race detector is on. It keeps memory for everything that the heap
// has ever held, so that the resident memory is not compared.
const underRace = true
