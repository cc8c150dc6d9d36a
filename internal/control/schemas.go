package control

import (
	"net/http"
	"strings"

	"standin/internal/catalog"
	"standin/internal/file"
	"standin/internal/service"
)

// showSchema answers GET schemas/{name} with the JSON Schema of scenarios or fixtures, for editors.
func (a *api) showSchema(c *service.Call) (service.Reply, error) {
	name := strings.TrimSuffix(c.Vars["name"], ".schema.json")
	if text := catalog.Schema(name); text != nil {
		return service.Reply{Status: http.StatusOK, ContentType: "application/schema+json", Body: text}, nil
	}
	names := []string{"scenario", "fixture", "coverage", "retries", "explore"}
	return service.Reply{}, service.Errorf(service.NotFound, "", "No schema %q%s; there are %s.", name, strings.TrimSuffix(file.Hint(name, names), "?"), strings.Join(names, ", "))
}
