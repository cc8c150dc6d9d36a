// Package emulator runs the emulated services in a Go program: on listeners, in memory, or as an
// http.Handler.
//
//	s := emulator.RunT(t, emulator.WithFixture("documented"))   // on 127.0.0.1 and a free port
//	e := emulator.NewT(t)                                       // in memory, for testing/synctest
//	box := s.Sandbox(t, emulator.WithScenario("unavailable"))   // isolated state, with its own URL
//
//	// point the client under test at s.URL, e.URL or box.URL
//	s.FailNext("freezer.clients.create", 753)
//	s.Expect(t, "freezer.clients.create", journal.Exactly(1))
//
// A sandbox has state, armed faults, a journal of the requests it received, and a clock. Requests
// to one sandbox do not affect another. The methods of an Emulator and of a Server apply to their
// default sandbox.
//
// A request selects its sandbox in one of three ways: by the path prefix /~NAME of its URL, by the
// header SandboxHeader, or by a token that was issued in the sandbox. Other requests go to the
// default sandbox.
//
// Package fault has the rules that make requests fail. Package journal has the types that describe
// requests.
package emulator
