package devops

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// imageOperations are about images.
var imageOperations = []service.Operation{
	{ID: "devops.images.list", Do: listImages, Policy: mayRead},
	{ID: "devops.images.create", Do: createImage, Policy: mayWrite, Reads: onlyJSON},
	{ID: "devops.images.show", Do: showImage, Policy: mayRead},
	{ID: "devops.images.update", Do: updateImage, Policy: mayWrite, Reads: jsonByQuirk(updateWantsContentType)},
	{ID: "devops.images.delete", Do: deleteImage, Policy: mayDelete, Reads: jsonByQuirk(deleteWantsContentType)},
}

// An image is a cloud's image that servers are made from; the id is the cloud's.
type image struct {
	ID         string `json:"id" fixture:"required"`
	Provider   string `json:"provider" fixture:"required"`
	RemoteUser string `json:"remote_user" fixture:"required"`
	Name       string `json:"name"`
	// Template is the bootstrap template of v2.0, which the document does not know:
	// a quirk shows it. Nil: none.
	Template *string `json:"bootstrap_template,omitempty"`
}

var (
	images     = world.NewKind("devops.images", func(i *image) string { return i.ID })
	all        = images.Index(nil, nil)
	ofProvider = images.Index(func(i *image) string { return i.Provider }, nil)
)

// listImages answers GET /v3/images, all or those of ?provider=.
func listImages(c *service.Call) (service.Reply, error) {
	ix, partition := all, ""
	if p, ok := askedProvider(c); ok {
		if err := knownProvider(c, p); err != nil {
			return service.Reply{}, err
		}
		ix, partition = ofProvider, p
	}
	w := value.NewWriter(c.Scratch)
	w.BeginList()
	for i := range ix.All(c.View, partition, 0) {
		i.write(c, &w)
	}
	w.EndList()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// createImage answers POST /v3/image.
func createImage(c *service.Call) (service.Reply, error) {
	body, err := readObject(c)
	if err != nil {
		return service.Reply{}, err
	}
	i := &image{}
	if err := i.read(c, body, "id", "provider", "remote_user", "name", "bootstrap_template"); err != nil {
		return service.Reply{}, err
	}
	if strings.Contains(i.ID, "/") && !c.Quirk(slashIsStored) {
		return service.Reply{}, invalid("Parameter(s) 'id' can not contain '/'")
	}
	if images.Get(c.View, i.ID) != nil {
		return service.Reply{}, invalid("Duplicate key error: image with id '%s'", i.ID)
	}
	images.Put(c.Tx(), i)
	if c.Quirk(createIs201) {
		return service.JSON(http.StatusCreated, value.AppendTextObject(nil, "message", "Created")), nil
	}
	return done(i.ID, "Created"), nil
}

func done(id, message string) service.Reply {
	return service.JSON(http.StatusOK, value.AppendTextObject(nil, "id", id, "message", message))
}

// said is the answer of v2.0 to what it has done.
func said(id, what string) service.Reply {
	return service.JSON(http.StatusOK, value.AppendTextObject(nil, "message", "Image '"+id+"' has been "+what))
}

// showImage answers GET /v3/image/{image_id}.
func showImage(c *service.Call) (service.Reply, error) {
	i, err := existing(c)
	if err != nil {
		return service.Reply{}, err
	}
	w := value.NewWriter(c.Scratch)
	i.write(c, &w)
	body := w.Bytes()
	if c.Quirk(showIsPretty) {
		var b bytes.Buffer
		if err := json.Indent(&b, body, "", "  "); err != nil {
			return service.Reply{}, err
		}
		body = b.Bytes()
	}
	return service.JSON(http.StatusOK, body), nil
}

func existing(c *service.Call) (*image, error) {
	id := c.Vars["image_id"]
	if i := images.Get(c.View, id); i != nil {
		return i, nil
	}
	return nil, service.Errorf(service.NotFound, "", "Image '%s' does not exist", id)
}

// updateImage answers PUT /v3/image/{image_id}. Of remote_user and name, the members of
// the document's body, those that are sent change; id and provider stay. A quirk has the
// body replace all but the id.
func updateImage(c *service.Call) (service.Reply, error) {
	old, err := existing(c)
	if err != nil {
		return service.Reply{}, err
	}
	body, err := readObject(c)
	if err != nil {
		return service.Reply{}, err
	}
	names := []string{"provider", "remote_user", "name", "bootstrap_template"}
	if !c.Quirk(updateReplaces) {
		names = slices.DeleteFunc(names, func(name string) bool {
			_, ok := body.Get(name)
			return !ok || name == "provider"
		})
	}
	i := *old
	if err := i.read(c, body, names...); err != nil {
		return service.Reply{}, err
	}
	images.Put(c.Tx(), &i)
	if c.Quirk(updateMessage) {
		return said(i.ID, "updated"), nil
	}
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	i.write(c, w.Name("image"))
	w.Name("message").Text("Updated")
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// deleteImage answers DELETE /v3/image/{image_id}; a body is not looked at.
func deleteImage(c *service.Call) (service.Reply, error) {
	id := c.Vars["image_id"]
	if err := unused(c, id); err != nil {
		return service.Reply{}, err
	}
	if !images.Delete(c.Tx(), id) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "Image '%s' not found", id)
	}
	if c.Quirk(deleteMessage) {
		return said(id, "removed"), nil
	}
	return done(id, "Deleted"), nil
}

// write writes the image: the document's members in its order or, by quirks,
// those of v2.0 in the order of that.
func (i *image) write(c *service.Call, w *value.Writer) {
	w.BeginObject()
	last := c.Quirk(idComesLast)
	if last {
		w.Name("provider").Text(i.Provider)
		w.Name("name").Text(i.Name)
		w.Name("remote_user").Text(i.RemoteUser)
	} else {
		w.Name("id").Text(i.ID)
		w.Name("provider").Text(i.Provider)
		w.Name("remote_user").Text(i.RemoteUser)
		w.Name("name").Text(i.Name)
	}
	if c.Quirk(imagesHaveTemplates) {
		w.Name("bootstrap_template").TextOrNull(i.Template)
	}
	if last {
		w.Name("id").Text(i.ID)
	}
	w.EndObject()
}

// read takes over the members of those names, in the order of v2.0's checks: the
// members, then the provider and its filter, then the template.
func (i *image) read(c *service.Call, body *value.Object, names ...string) error {
	if !c.Quirk(imagesHaveTemplates) {
		names = slices.DeleteFunc(names, func(name string) bool { return name == "bootstrap_template" })
	}
	f, err := readFields(body, names...)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch v := f[name]; name {
		case "id":
			i.ID = *v
		case "provider":
			i.Provider = *v
		case "remote_user":
			i.RemoteUser = *v
		case "name":
			i.Name = *v
		case "bootstrap_template":
			i.Template = v
		}
	}
	if err := usable(c, i); err != nil {
		return err
	}
	if c.Quirk(imagesHaveTemplates) {
		return knownTemplate(c, i)
	}
	return nil
}

// strip is Ruby's: ASCII blanks and NUL.
func strip(s string) string { return strings.Trim(s, "\x00\t\n\v\f\r ") }

func readObject(c *service.Call) (*value.Object, error) {
	v, err := c.JSON()
	if err != nil {
		return nil, invalid("Invalid JSON")
	}
	o, ok := v.(*value.Object)
	if !ok {
		return nil, invalid("Invalid JSON, it should be an object")
	}
	return o, nil
}

// readFields reads string members and strips them. Of all faults the server
// reports one sort with all its members: undefined, then wrong types, then empty.
// A name may be anything that Ruby takes for false, and is empty then; a template
// may be null, and is nil then.
func readFields(o *value.Object, names ...string) (map[string]*string, error) {
	fields := map[string]*string{}
	var undefined, wrong, empty []string
	for _, name := range names {
		v, _ := o.Get(name)
		s, ok := v.(string)
		s = strip(s)
		fields[name] = &s
		switch {
		case name == "name" && (v == nil || v == false):
		case name == "bootstrap_template" && v == nil:
			fields[name] = nil
		case v == nil:
			undefined = append(undefined, name)
		case !ok:
			wrong = append(wrong, name)
		case s == "" && name != "name":
			empty = append(empty, name)
		}
	}
	for _, fault := range []struct {
		names []string
		what  string
	}{
		{undefined, "can not be undefined"}, {wrong, "have invalid type(s)"}, {empty, "can not be empty"},
	} {
		if len(fault.names) > 0 {
			return nil, invalid("Parameter(s) '%s' %s", strings.Join(fault.names, "', '"), fault.what)
		}
	}
	return fields, nil
}
