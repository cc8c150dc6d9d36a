package devops

import (
	"slices"
	"strings"

	"standin/internal/file"
	"standin/internal/world"
)

func fixtureSection() world.Section {
	kinds := []world.Clearer{images, providers, filters, templates, projects}
	return world.Section{Name: "devops", Kinds: kinds, Collections: []world.Collection{
		world.PlainCollection("images", images, all, checkImage, fakeImage).With(world.Traits{Key: []string{"id"}}),
		world.PlainCollection("providers", providers, allProviders, checkProvider, nil).With(world.Traits{Key: []string{"name"}}),
		world.PlainCollection("filters", filters, allFilters, checkFilter, nil).With(world.Traits{Key: []string{"provider"}, Sets: []string{"images"}}),
		world.PlainCollection("templates", templates, allTemplates, nil, nil).With(world.Traits{Key: []string{"name"}}),
		world.PlainCollection("projects", projects, allProjects, nil, nil).With(world.Traits{Key: []string{"name"}}),
	}}
}

func checkImage(_ world.View, i *image, at file.Node) error {
	for _, f := range []struct{ name, value string }{{"id", i.ID}, {"provider", i.Provider}, {"remote_user", i.RemoteUser}} {
		if f.value == "" || strip(f.value) != f.value {
			return at.At(f.name).Errorf("%s is empty or has blanks around it; the API would not store it so", f.name)
		}
	}
	return nil
}

func checkProvider(_ world.View, p *provider, at file.Node) error {
	if p.Name == "" || strings.Contains(p.Name, "/") {
		return at.At("name").Errorf("%q cannot be reached as the name of a provider", p.Name)
	}
	for i := range p.Images {
		if slices.ContainsFunc(p.Images[:i], func(o cloudImage) bool { return o.ID == p.Images[i].ID }) {
			return at.At("images", i).Errorf("the image %q is in the list twice", p.Images[i].ID)
		}
	}
	return nil
}

func checkFilter(v world.View, f *filter, at file.Node) error {
	for i, id := range f.Images {
		if slices.Contains(f.Images[:i], id) {
			return at.At("images", i).Errorf("the image %q is in the list twice", id)
		}
	}
	if names := providerNames(v); !slices.Contains(names, f.Provider) && ofProvider.Len(v, f.Provider) == 0 {
		return at.At("provider").Errorf("there is no provider %q%s; list it under devops.providers", f.Provider, file.Hint(f.Provider, names))
	}
	return nil
}

func fakeImage(_ world.View, f *world.Faker) image {
	i := image{Provider: f.OneOf("ec2", "openstack"), Name: f.Name()}
	if i.Provider == "ec2" {
		i.ID, i.RemoteUser = "ami-"+f.Hex()[:8], "ec2-user"
	} else {
		i.ID, i.RemoteUser = f.UUID(), f.OneOf("root", "centos", "ubuntu")
	}
	return i
}
