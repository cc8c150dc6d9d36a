// Package inside lets the packages below emulator use what a sandbox of package emulator is made
// of. Package emulator sets its functions.
package inside

import (
	"net/http"

	"standin/internal/core"
	"standin/internal/sandbox"
)

// Sandbox returns the default sandbox of an emulator, as an *emulator.Sandbox.
var Sandbox func(e *core.Emulator, url string, client func() *http.Client) any

// Plan returns the plan of options, which are an []emulator.SandboxOption.
var Plan func(options any) (sandbox.Plan, error)
