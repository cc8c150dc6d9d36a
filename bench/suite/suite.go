// Package suite has two suites of a thousand parallel tests each: with an emulator for each test, and
// with a server that does nothing. Command bench compares them.
package suite
