package keystone

import (
	"net/http"
	"slices"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// catalogOperations return the catalogue and its records.
var catalogOperations = []service.Operation{
	{ID: "keystone.catalog.show", Do: showCatalog, Policy: scoped("get_auth_catalog")},
	{ID: "keystone.services.list", Do: listServices, Policy: admins("list_services")},
	{ID: "keystone.services.show", Do: showService, Policy: admins("get_service")},
	{ID: "keystone.endpoints.list", Do: listEndpoints, Policy: admins("list_endpoints")},
	{ID: "keystone.endpoints.show", Do: showEndpoint, Policy: endpointPolicy},
	{ID: "keystone.regions.list", Do: listRegions, Policy: members("list_regions")},
	{ID: "keystone.regions.show", Do: showRegion, Policy: members("get_region")},
}

const region = "RegionOne"

// offered lists the services of the catalogue. path is what clients expect after the address of a
// service.
var offered = []struct{ service, kind, path string }{
	{"keystone", "identity", "/v3"},
	{"freezer", "backup", ""},
	{"barbican", "key-manager", ""},
}

var interfaces = []string{"public", "internal", "admin"}

// fixedID returns an id that is the same in every world.
func fixedID(name string) string { return world.Hex(world.Draw(0, "keystone/"+name, 0, 16)) }

// showCatalog handles GET /v3/auth/catalog.
func showCatalog(c *service.Call) (service.Reply, error) {
	return reply(object("catalog", catalog(c), "links", object("self", self(c))))
}

// catalog returns the OpenStack services with the addresses by which the caller can reach them.
func catalog(c *service.Call) []any {
	list := []any{}
	for _, s := range offered {
		url := c.Endpoint(s.service)
		if url == "" {
			continue
		}
		endpoints := []any{}
		for _, iface := range interfaces {
			endpoints = append(endpoints, object("id", fixedID(s.service+"/"+iface), "interface", iface,
				"region_id", region, "url", url+s.path, "region", region))
		}
		list = append(list, object("endpoints", endpoints, "id", fixedID(s.service), "type", s.kind, "name", s.service))
	}
	return list
}

func services(c *service.Call) []*value.Object {
	var list []*value.Object
	for _, s := range offered {
		if c.Endpoint(s.service) != "" {
			id := fixedID(s.service)
			list = append(list, object("name", s.service, "id", id, "type", s.kind, "enabled", true, "links", link(c, "services", id)))
		}
	}
	return list
}

func endpoints(c *service.Call) []*value.Object {
	var list []*value.Object
	for _, s := range offered {
		url := c.Endpoint(s.service)
		for _, iface := range interfaces {
			if url != "" {
				id := fixedID(s.service + "/" + iface)
				list = append(list, object("id", id, "interface", iface, "region_id", region, "service_id", fixedID(s.service),
					"url", url+s.path, "enabled", true, "region", region, "links", link(c, "endpoints", id)))
			}
		}
	}
	return list
}

func regions(c *service.Call) []*value.Object {
	return []*value.Object{object("id", region, "description", "", "parent_region_id", nil, "links", link(c, "regions", region))}
}

// listServices handles GET /v3/services.
func listServices(c *service.Call) (service.Reply, error) {
	return listReply(c, "services", services(c), "name", "type")
}

// showService handles GET /v3/services/{service_id}.
func showService(c *service.Call) (service.Reply, error) {
	return showOne("service", services(c), c.Vars["service_id"])
}

// listEndpoints handles GET /v3/endpoints.
func listEndpoints(c *service.Call) (service.Reply, error) {
	return listReply(c, "endpoints", endpoints(c), "interface", "service_id", "region_id")
}

// endpointPolicy allows admins. It also allows every caller if the endpoint does not exist, who
// then gets a 404.
var endpointPolicy = &policy{"get_endpoint", func(c *service.Call) bool {
	return admin(c) || !slices.ContainsFunc(endpoints(c), func(o *value.Object) bool { return o.Text("id") == c.Vars["endpoint_id"] })
}}

// showEndpoint handles GET /v3/endpoints/{endpoint_id}.
func showEndpoint(c *service.Call) (service.Reply, error) {
	return showOne("endpoint", endpoints(c), c.Vars["endpoint_id"])
}

// listRegions handles GET /v3/regions, for every caller.
func listRegions(c *service.Call) (service.Reply, error) {
	return listReply(c, "regions", regions(c), "parent_region_id")
}

// showRegion handles GET /v3/regions/{region_id}, for every caller.
func showRegion(c *service.Call) (service.Reply, error) {
	return showOne("region", regions(c), c.Vars["region_id"])
}

// showOne returns the element of a list that has the id.
func showOne(kind string, list []*value.Object, id string) (service.Reply, error) {
	for _, o := range list {
		if o.Text("id") == id {
			return reply(object(kind, o))
		}
	}
	return service.Reply{}, notFound(kind, id)
}

func reply(o *value.Object) (service.Reply, error) {
	return service.JSON(http.StatusOK, value.Append(nil, o)), nil
}
