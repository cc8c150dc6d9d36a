package emulator

// TB has the methods of *testing.T that this package uses.
type TB interface {
	Helper()
	Name() string
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}
