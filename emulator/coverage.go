package emulator

import (
	"standin/internal/catalog"
	"standin/internal/coverage"
)

// WriteCoverage writes a coverage file: how often the clients of all emulators of this process have
// met each documented answer. Emulators and sandboxes that are closed, deleted or reset are
// included. The command standin report coverage reads such files and adds them up.
//
// Call it in TestMain, after the tests of a package:
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		if err := emulator.WriteCoverage("coverage.json"); err != nil {
//			log.Fatal(err)
//		}
//		os.Exit(code)
//	}
//
// Each package of tests is a process of its own, and so writes a file of its own. A file of that
// name is replaced. If WriteCoverage returns an error, the old file is unchanged.
func WriteCoverage(name string) error {
	contracts, err := catalog.Services()
	if err != nil {
		return err
	}
	return coverage.Process().Report(contracts...).WriteFile(name)
}
