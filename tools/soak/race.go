//go:build race

package main

// underRace says that the race detector looks on. It keeps memory of its own for all that
// the heap has ever been, so that the resident memory says nothing.
const underRace = true
