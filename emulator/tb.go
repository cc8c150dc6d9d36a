package emulator

// TB is what RunT and NewT need of a *testing.T.
type TB interface {
	Helper()
	Name() string
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}
