package freezer

import (
	"net/http"

	"standin/internal/service"
	"standin/internal/value"
)

// discoveryOperations return the versions of the API and the health of the service.
var discoveryOperations = []service.Operation{
	{ID: "freezer.versions.list", Do: listVersions, Policy: service.Everybody},
	{ID: "freezer.v1.show", Do: showHome, Policy: reading},
	{ID: "freezer.v2.show", Do: showHome, Policy: reading},
	{ID: "freezer.health.show", Do: showHealth, Policy: service.Everybody},
	{ID: "freezer.health.head", Do: headHealth, Policy: service.Everybody},
}

// listVersions handles GET / of the service. A real server serves and lists one version only;
// Standin serves both.
func listVersions(c *service.Call) (service.Reply, error) {
	// freezer/discovery.yaml: "versions"
	if c.Quirk(versionsHaveNoBody) {
		return service.JSON(http.StatusMultipleChoices, nil), nil
	}
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("versions").BeginList()
	for _, v := range []struct{ id, status string }{{"v2", "CURRENT"}, {"v1", "DEPRECATED"}} {
		w.BeginObject()
		w.Name("id").Text(v.id)
		w.Name("status").Text(v.status)
		w.Name("updated").Text("2018-02-21T13:30:00")
		w.Name("links").BeginList()
		w.TextObject("href", c.Base()+"/"+v.id+"/", "rel", "self")
		w.EndList()
		w.EndObject()
	}
	w.EndList()
	w.EndObject()
	return service.JSON(http.StatusMultipleChoices, w.Bytes()), nil
}

const homeEnd = `            },
            "hints": {
                "allow": [
                    "GET"
                ],
                "formats": {
                    "application/json": {}
                }
            }
        }
    }
}`

// The home documents, with the blanks and line breaks of the real server.
const (
	homeV1 = `{
    "resources": {
        "rel/backups": {
            "href-template": "/v1/backups/{backup_id}",
            "href-vars": {
                "backup_id": "param/backup_id"
` + homeEnd
	homeV2 = `{
    "resources": {
        "rel/backups": {
            "href-template": "/v2/{project_id}/backups/{backup_id}",
            "href-vars": {
                "project_id": "param/project_id",
                "backup_id": "param/backup_id"
` + homeEnd
)

// showHome handles GET /v1 and GET /v2.
func showHome(c *service.Call) (service.Reply, error) {
	home := homeV1
	if c.Is("freezer.v2.show") {
		home = homeV2
	}
	return service.Reply{Status: http.StatusOK, ContentType: "application/json-home", Body: []byte(home)}, nil
}

// The health responses in JSON and HTML, with the blanks and line breaks of the real server.
const (
	healthJSON = `{
    "detailed": false,
    "reasons": [
        "OK"
    ]
}`
	healthPage = `<HTML>
<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>
<BODY>

<H2>Result of 1 checks:</H2>
<TABLE bgcolor="#ffffff" border="1">
<TBODY>
<TR>

<TH>
Reason
</TH>
</TR>
<TR>

    <TD>OK</TD>

</TR>
</TBODY>
</TABLE>
<HR></HR>

</BODY>
</HTML>
`
)

// showHealth handles GET /healthcheck (freezer/discovery.yaml: "healthcheck as JSON").
func showHealth(c *service.Call) (service.Reply, error) {
	accept := c.Accept()
	plain, page, json := service.Quality(accept, "text/plain"), service.Quality(accept, "text/html"), service.Quality(accept, "application/json")
	switch {
	case page > plain && page >= json:
		return service.Reply{Status: http.StatusOK, ContentType: "text/html; charset=UTF-8", Body: []byte(healthPage)}, nil
	case json > plain:
		return service.JSON(http.StatusOK, []byte(healthJSON)), nil
	default:
		return service.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=UTF-8", Body: []byte("OK")}, nil
	}
}

// headHealth handles HEAD /healthcheck (freezer/discovery.yaml: "healthcheck by HEAD").
func headHealth(*service.Call) (service.Reply, error) {
	return service.Reply{Status: http.StatusNoContent}, nil
}
