package devops

import (
	"net/http"
	"strings"

	"standin/emulator/file"
	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

// An image is a cloud's image that servers are made from; the id is the cloud's.
type image struct {
	ID         string `json:"id" fixture:"required"`
	Provider   string `json:"provider" fixture:"required"`
	RemoteUser string `json:"remote_user" fixture:"required"`
	Name       string `json:"name"`
}

var (
	images     = world.NewKind(func(i *image) string { return i.ID })
	all        = images.Index(nil, nil)
	ofProvider = images.Index(func(i *image) string { return i.Provider }, nil)
)

func fixtureSection() world.Section {
	return world.Section{Name: "devops", Kinds: []world.Clearer{images}, Collections: []world.Collection{
		world.PlainCollection("images", images, all, checkImage, fakeImage),
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

func fakeImage(_ world.View, f *world.Faker) image {
	i := image{Provider: f.OneOf("ec2", "openstack"), Name: f.Name()}
	if i.Provider == "ec2" {
		i.ID, i.RemoteUser = "ami-"+f.Hex()[:8], "ec2-user"
	} else {
		i.ID, i.RemoteUser = f.UUID(), f.OneOf("root", "centos", "ubuntu")
	}
	return i
}

// listImages answers GET /v3/images, all or those of ?provider=.
func listImages(c *service.Call) (service.Reply, error) {
	ix, partition := all, ""
	if p, ok := c.Last("provider"); ok {
		ix, partition = ofProvider, p
	}
	b := append(c.Scratch, '[')
	for i := range ix.All(c.View, partition, 0) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = i.append(b)
	}
	return service.JSON(http.StatusOK, append(b, ']')), nil
}

// createImage answers POST /v3/image.
func createImage(c *service.Call) (service.Reply, error) {
	body, err := readObject(c)
	if err != nil {
		return service.Reply{}, err
	}
	f, err := readFields(body, "id", "provider", "remote_user", "name")
	if err != nil {
		return service.Reply{}, err
	}
	i := &image{ID: f["id"], Provider: f["provider"], RemoteUser: f["remote_user"], Name: f["name"]}
	if images.Get(c.View, i.ID) != nil {
		return service.Reply{}, service.Errorf(service.Invalid, "", "Duplicate key error: image with id '%s'", i.ID)
	}
	images.Put(c.Tx(), i)
	return done(i.ID, "Created"), nil
}

func done(id, message string) service.Reply {
	b := value.AppendString([]byte(`{"id":`), id)
	b = value.AppendString(append(b, `,"message":`...), message)
	return service.JSON(http.StatusOK, append(b, '}'))
}

// showImage answers GET /v3/image/{image_id}.
func showImage(c *service.Call) (service.Reply, error) {
	i, err := existing(c)
	if err != nil {
		return service.Reply{}, err
	}
	return service.JSON(http.StatusOK, i.append(c.Scratch)), nil
}

func existing(c *service.Call) (*image, error) {
	id := c.Vars["image_id"]
	if i := images.Get(c.View, id); i != nil {
		return i, nil
	}
	return nil, service.Errorf(service.NotFound, "", "Image '%s' does not exist", id)
}

// updateImage answers PUT /v3/image/{image_id}: what the body names changes,
// the rest stays. The id of the path counts, not one in the body.
func updateImage(c *service.Call) (service.Reply, error) {
	old, err := existing(c)
	if err != nil {
		return service.Reply{}, err
	}
	body, err := readObject(c)
	if err != nil {
		return service.Reply{}, err
	}
	var named []string
	for _, name := range []string{"provider", "remote_user", "name"} {
		if _, ok := body.Get(name); ok {
			named = append(named, name)
		}
	}
	f, err := readFields(body, named...)
	if err != nil {
		return service.Reply{}, err
	}
	i := *old
	for name, field := range map[string]*string{"provider": &i.Provider, "remote_user": &i.RemoteUser, "name": &i.Name} {
		if v, ok := f[name]; ok {
			*field = v
		}
	}
	images.Put(c.Tx(), &i)
	return service.JSON(http.StatusOK, append(i.append([]byte(`{"image":`)), `,"message":"Updated"}`...)), nil
}

// deleteImage answers DELETE /v3/image/{image_id}; a body is not looked at.
func deleteImage(c *service.Call) (service.Reply, error) {
	id := c.Vars["image_id"]
	if !images.Delete(c.Tx(), id) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "Image '%s' not found", id)
	}
	return done(id, "Deleted"), nil
}

func (i *image) append(b []byte) []byte {
	b = value.AppendString(append(b, `{"id":`...), i.ID)
	b = value.AppendString(append(b, `,"provider":`...), i.Provider)
	b = value.AppendString(append(b, `,"remote_user":`...), i.RemoteUser)
	b = value.AppendString(append(b, `,"name":`...), i.Name)
	return append(b, '}')
}

// strip is Ruby's: ASCII blanks and NUL.
func strip(s string) string { return strings.Trim(s, "\x00\t\n\v\f\r ") }

func readObject(c *service.Call) (*value.Object, error) {
	v, err := c.JSON()
	if err != nil {
		return nil, service.Errorf(service.Invalid, "", "Invalid JSON")
	}
	o, ok := v.(*value.Object)
	if !ok {
		return nil, service.Errorf(service.Invalid, "", "Invalid JSON, it should be an object")
	}
	return o, nil
}

// readFields reads string members and strips them. Of all faults the server
// tells one sort with all its members: undefined, then wrong types, then empty.
// A name may be anything that Ruby takes for false, and is empty then.
func readFields(o *value.Object, names ...string) (map[string]string, error) {
	fields := map[string]string{}
	var undefined, wrong, empty []string
	for _, name := range names {
		v, _ := o.Get(name)
		optional := name == "name"
		s, ok := v.(string)
		s = strip(s)
		switch {
		case optional && (v == nil || v == false):
		case v == nil:
			undefined = append(undefined, name)
		case !ok:
			wrong = append(wrong, name)
		case s == "" && !optional:
			empty = append(empty, name)
		}
		fields[name] = s
	}
	for _, fault := range []struct {
		names []string
		what  string
	}{
		{undefined, "can not be undefined"}, {wrong, "have invalid type(s)"}, {empty, "can not be empty"},
	} {
		if len(fault.names) > 0 {
			return nil, service.Errorf(service.Invalid, "", "Parameter(s) '%s' %s", strings.Join(fault.names, "', '"), fault.what)
		}
	}
	return fields, nil
}
