package emulator

import (
	"net/http"

	"standin/emulator/internal/inside"
	"standin/internal/core"
	"standin/internal/sandbox"
)

func init() {
	inside.Sandbox = func(e *core.Emulator, url string, client func() *http.Client) any {
		return &Sandbox{URL: url, client: client, box: box{core: e, in: e.Sandboxes.Default()}}
	}
	inside.Plan = func(options any) (sandbox.Plan, error) { return planOf(options.([]SandboxOption)) }
}
