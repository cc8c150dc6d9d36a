package control

import (
	"bytes"
	"net/http"
	"strings"

	"standin/internal/console"
	"standin/internal/service"
)

// consolePath is the path of the console, and the beginning of the paths of its files.
const consolePath = Prefix + "/ui"

// consoleOperations returns the operations that serve the console.
func (a *api) consoleOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.console", Do: a.console, Sandbox: service.IgnoresSandbox},
		{ID: "control.console.file", Do: a.consoleFile, Sandbox: service.IgnoresSandbox},
	}
}

// console answers GET ui with the page. The links of the page are relative, so that it works after
// any prefix.
func (a *api) console(c *service.Call) (service.Reply, error) {
	r, err := a.consoleAsset(console.Index)
	if err == nil && !strings.HasSuffix(c.Sent, "/") {
		r.Body = bytes.ReplaceAll(r.Body, []byte(`"./`), []byte(`"ui/`))
	}
	return r, err
}

func (a *api) consoleFile(c *service.Call) (service.Reply, error) {
	return a.consoleAsset(c.Vars["file"])
}

func (a *api) consoleAsset(name string) (service.Reply, error) {
	content, mediaType, ok := console.File(name)
	switch {
	case a.NoConsole:
		return service.Reply{}, service.Errorf(service.NotFound, "", "The console is off.")
	case !ok:
		return service.Reply{}, service.Errorf(service.NotFound, "", "The console has no file %q.", name)
	}
	r := service.Reply{Status: http.StatusOK, ContentType: mediaType, Body: content}
	r.Set("Content-Security-Policy", console.Policy)
	r.Set("X-Content-Type-Options", "nosniff")
	r.Set("Referrer-Policy", "no-referrer")
	r.Set("Cache-Control", "no-cache")
	return r, nil
}
