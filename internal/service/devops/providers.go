package devops

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// providerOperations are about the clouds and what they offer.
var providerOperations = []service.Operation{
	{ID: "devops.cloud-images.list", Do: listCloudImages, Policy: mayRead},
	{ID: "devops.providers.list", Do: listProviders, Policy: mayRead},
	{ID: "devops.templates.list", Do: listTemplates, Policy: mayRead},
}

// filterOperations are about which images of a cloud may be used.
var filterOperations = []service.Operation{
	{ID: "devops.filters.show", Do: showFilter, Policy: mayRead},
	{ID: "devops.filters.add", Do: addToFilter, Policy: mayWrite, Reads: onlyJSON},
	{ID: "devops.filters.remove", Do: removeFromFilter, Policy: mayWrite, Reads: onlyJSON},
}

// A provider is a cloud. One that lists no images has whatever its filter names,
// all but "static", which has none.
type provider struct {
	Name   string       `json:"name" fixture:"required"`
	Images []cloudImage `json:"images,omitempty"`
}

// A cloudImage is an image as its cloud lists it.
type cloudImage struct {
	ID     string `json:"id" fixture:"required"`
	Name   string `json:"name"`
	Status string `json:"status"` // OpenStack says ACTIVE, EC2 available
}

// A filter names the images of a cloud that may be used.
type filter struct {
	Provider string   `json:"provider" fixture:"required"`
	Images   []string `json:"images,omitempty"`
}

// A template is a way to set up a server; images name one.
type template struct {
	Name string `json:"name" fixture:"required"`
}

// A project keeps the images from being deleted that its environments use.
type project struct {
	Name       string      `json:"name" fixture:"required"`
	DeployEnvs []deployEnv `json:"deploy_envs,omitempty"`
}

type deployEnv struct {
	Identifier string `json:"identifier" fixture:"required"`
	Image      string `json:"image" fixture:"required"`
}

var (
	providers    = world.NewKind("devops.providers", func(p *provider) string { return p.Name })
	allProviders = providers.Index(nil, nil)
	filters      = world.NewKind("devops.filters", func(f *filter) string { return f.Provider })
	allFilters   = filters.Index(nil, nil)
	templates    = world.NewKind("devops.templates", func(t *template) string { return t.Name })
	allTemplates = templates.Index(nil, nil)
	projects     = world.NewKind("devops.projects", func(p *project) string { return p.Name })
	allProjects  = projects.Index(nil, nil)
)

// defaultProviders are those of a server, where the fixture names none.
var defaultProviders = []string{"ec2", "openstack", static}

// static is the provider of servers that are no cloud's.
const static = "static"

func providerNames(v world.View) []string {
	var names []string
	for p := range allProviders.All(v, "", 0) {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return defaultProviders
	}
	return names
}

// knownProvider refuses the name of a provider that neither the server nor one of
// its images has.
func knownProvider(c *service.Call, name string) error {
	names := providerNames(c.View)
	if slices.Contains(names, name) || ofProvider.Len(c.View, name) > 0 {
		return nil
	}
	return &service.Error{
		Kind: service.NotFound, Detail: unknownProvider,
		Message: "Invalid provider '" + name + "', available providers: '" + strings.Join(names, "', '") + "'",
	}
}

// askedProvider returns the provider that a list is asked for, and whether it is asked
// for one. In brackets, as in provider[]=ec2, it is a list or a mapping to the server, which
// no provider is called; the name is then how Ruby prints it.
func askedProvider(c *service.Call) (string, bool) {
	for piece := range strings.SplitSeq(c.RawQuery, "&") {
		key, _, _ := strings.Cut(piece, "=")
		key, err := url.QueryUnescape(key)
		inner, ok := strings.CutPrefix(key, "provider[")
		if err != nil || !ok {
			continue
		}
		inner, _, _ = strings.Cut(inner, "]")
		if inner == "" {
			return "[" + quoted(c.Query()[key]) + "]", true
		}
		return "{" + strconv.Quote(inner) + "=>" + strconv.Quote(c.Query().Get(key)) + "}", true
	}
	return c.Last("provider")
}

// quoted returns strings as Ruby prints them in a list.
func quoted(all []string) string {
	var list []string
	for _, s := range all {
		list = append(list, strconv.Quote(s))
	}
	return strings.Join(list, ", ")
}

// unknownProvider marks the error that v2.0 answers as a text.
const unknownProvider = "unknown provider"

// available lists the images of a provider's cloud that its filter lets through.
func available(v world.View, name string) []cloudImage {
	f := filters.Get(v, name)
	if f == nil || name == static {
		return nil
	}
	p := providers.Get(v, name)
	var list []cloudImage
	if p == nil || len(p.Images) == 0 {
		for _, id := range f.Images {
			list = append(list, cloudImage{ID: id, Name: id, Status: "ACTIVE"})
		}
		return list
	}
	for _, i := range p.Images {
		if slices.Contains(f.Images, i.ID) {
			list = append(list, i)
		}
	}
	return list
}

// usable holds an image to the providers and their filters.
func usable(c *service.Call, i *image) error {
	switch {
	case !c.Quirk(filtersAreEnforced):
		return nil
	case i.Provider != static && !slices.Contains(providerNames(c.View), i.Provider):
		return invalid("Invalid provider '%s'", i.Provider)
	case !slices.ContainsFunc(available(c.View, i.Provider), func(a cloudImage) bool { return a.ID == i.ID }):
		return invalid("Invalid image id '%s' for provider '%s', please check image filters", i.ID, i.Provider)
	default:
		return nil
	}
}

// knownTemplate holds an image to the templates that there are.
func knownTemplate(c *service.Call, i *image) error {
	if i.Template == nil || templates.Get(c.View, *i.Template) != nil {
		return nil
	}
	return invalid("Invalid bootstrap template '%s' for image '%s'", *i.Template, i.ID)
}

// listProviders answers GET /v3/providers.
func listProviders(c *service.Call) (service.Reply, error) {
	return namesReply(c, providerNames(c.View)), nil
}

// listTemplates answers GET /v3/templates.
func listTemplates(c *service.Call) (service.Reply, error) {
	var names []string
	for t := range allTemplates.All(c.View, "", 0) {
		names = append(names, t.Name)
	}
	return namesReply(c, names), nil
}

func namesReply(c *service.Call, names []string) service.Reply {
	w := value.NewWriter(c.Scratch)
	w.Texts(names)
	return service.JSON(http.StatusOK, w.Bytes())
}

// listCloudImages answers GET /v3/images/provider/{provider}.
func listCloudImages(c *service.Call) (service.Reply, error) {
	if err := knownProvider(c, c.Vars["provider"]); err != nil {
		return service.Reply{}, err
	}
	w := value.NewWriter(c.Scratch)
	w.BeginList()
	for _, a := range available(c.View, c.Vars["provider"]) {
		w.TextObject("id", a.ID, "name", a.Name, "status", a.Status)
	}
	w.EndList()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// showFilter answers GET /v3/filter/{provider}/images.
func showFilter(c *service.Call) (service.Reply, error) {
	if err := knownProvider(c, c.Vars["provider"]); err != nil {
		return service.Reply{}, err
	}
	return namesReply(c, filtered(c)), nil
}

// filtered lists the ids that the filter of the call's provider names.
func filtered(c *service.Call) []string {
	if f := filters.Get(c.View, c.Vars["provider"]); f != nil {
		return f.Images
	}
	return nil
}

// addToFilter answers PUT /v3/filter/{provider}/image.
func addToFilter(c *service.Call) (service.Reply, error) {
	ids, err := readIDs(c)
	if err != nil {
		return service.Reply{}, err
	}
	list := slices.Clone(filtered(c))
	for _, id := range ids {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	filters.Put(c.Tx(), &filter{Provider: c.Vars["provider"], Images: list})
	return filterReply(list, "Updated"), nil
}

// removeFromFilter answers DELETE /v3/filter/{provider}/image. Images that were
// created stay.
func removeFromFilter(c *service.Call) (service.Reply, error) {
	ids, err := readIDs(c)
	if err != nil {
		return service.Reply{}, err
	}
	list := slices.DeleteFunc(slices.Clone(filtered(c)), func(id string) bool { return slices.Contains(ids, id) })
	if filters.Get(c.View, c.Vars["provider"]) != nil {
		filters.Put(c.Tx(), &filter{Provider: c.Vars["provider"], Images: list})
	}
	return filterReply(list, "Deleted"), nil
}

func filterReply(list []string, message string) service.Reply {
	var w value.Writer
	w.BeginObject()
	w.Name("images").Texts(list)
	w.Name("message").Text(message)
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes())
}

// readIDs checks the provider, then reads a body that is a list of ids.
func readIDs(c *service.Call) ([]string, error) {
	if err := knownProvider(c, c.Vars["provider"]); err != nil {
		return nil, err
	}
	v, err := c.JSON()
	if err != nil {
		return nil, invalid("Invalid JSON")
	}
	list, ok := v.([]any)
	switch {
	case !ok:
		return nil, invalid("Invalid JSON, it should be an array")
	case len(list) == 0:
		return nil, invalid("Request body should not be an empty array")
	}
	var ids []string
	for _, e := range list {
		id, ok := e.(string)
		if !ok {
			return nil, invalid("Request body should contains an array with strings")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// unused refuses an image that an environment of a project uses, whether there is
// a record of it or not.
func unused(c *service.Call, id string) error {
	var users []string
	for p := range allProjects.All(c.View, "", 0) {
		for _, e := range p.DeployEnvs {
			if e.Image == id {
				users = append(users, p.Name+"."+e.Identifier)
			}
		}
	}
	if len(users) == 0 {
		return nil
	}
	return invalid("Deleting is forbidden: Image is used in %s", strings.Join(users, ", "))
}

func invalid(format string, args ...any) error {
	return service.Errorf(service.Invalid, "", format, args...)
}
