// Package emulator runs the emulated services in a Go program: on listeners, in memory, or as
// an http.Handler.
//
//	s := emulator.RunT(t, emulator.WithFixture("documented"))   // on 127.0.0.1 and a free port
//	e := emulator.NewT(t)                                       // in memory, for testing/synctest
//	box := s.Sandbox(t, emulator.WithScenario("unavailable"))   // a world of its own, with its own URL
//
//	// point the client under test at s.URL, e.URL or box.URL
//	s.FailNext("freezer.clients.create", 753)
//	s.Expect(t, "freezer.clients.create", journal.Exactly(1))
//
// An Emulator, a Server and a Sandbox each have state, armed faults, a journal of the requests
// that were made, and a clock. Those of an Emulator and of a Server are the ones of their default
// sandbox. Requests to one sandbox do not affect another.
//
// A request names its sandbox by the path prefix /~NAME of its URL, by the header SandboxHeader, or
// by a token that was issued in it.
//
// Package fault has the rules by which requests fail, package journal what is read of requests.
package emulator
