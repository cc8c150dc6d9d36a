package control

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"standin/internal/file"
	"standin/internal/recorder"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// recordOperations returns the operations that show the records of a sandbox.
func (a *api) recordOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.records.collections", Do: a.in(a.listCollections)},
		{ID: "control.records.list", Do: a.in(a.listRecords)},
		{ID: "control.differences", Do: a.in(a.differences)},
	}
}

// A Collection is a collection of records, as fixtures have it.
type Collection struct {
	Collection string `json:"collection"` // the name, such as freezer.clients
	Records    int    `json:"records"`    // the number of records
}

// collections returns the names of the collections that clients see.
func (a *api) collections() []string {
	return slices.DeleteFunc(a.Catalog.Loader.CollectionNames(), func(name string) bool { return a.Catalog.Loader.Collection(name).Traits.Unseen })
}

// listCollections answers GET records with the collections and their sizes.
func (a *api) listCollections(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	all, w := []Collection{}, s.World()
	for _, name := range a.collections() {
		all = append(all, Collection{name, a.Catalog.Loader.Collection(name).Len(w)})
	}
	return reply(http.StatusOK, all)
}

// A Records is a page of the records of a collection.
type Records struct {
	Collection string            `json:"collection"` // the name of the collection
	Total      int               `json:"total"`      // the number of records in the collection
	Offset     int               `json:"offset"`     // the number of records before the page
	Records    []json.RawMessage `json:"records"`    // the records, in the form of a fixture; secrets are redacted
}

// These are the numbers of records in a page.
const (
	defaultPage = 50
	maxPage     = 1000
)

// listRecords answers GET records/COLLECTION with a page of records.
func (a *api) listRecords(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	offset, err1 := number(c.Query(), "offset", 0)
	limit, err2 := number(c.Query(), "limit", defaultPage)
	if err := cmp.Or(err1, err2); err != nil {
		return service.Reply{}, err
	}
	if limit > maxPage {
		return service.Reply{}, service.Errorf(service.Invalid, "", "limit: expected at most %d, got %d", maxPage, limit)
	}
	page := Records{Collection: c.Vars["collection"], Offset: offset, Records: []json.RawMessage{}}
	names := a.collections()
	if !slices.Contains(names, page.Collection) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "No collection %q%s; GET /_standin/records lists them.", page.Collection, file.Hint(page.Collection, names))
	}
	found := a.Catalog.Loader.Collection(page.Collection)
	w, n := s.World(), 0
	page.Total = found.Len(w)
	for r := range found.Dump(w) {
		if n >= offset+limit {
			break
		}
		if n >= offset {
			page.Records = append(page.Records, recorder.ShownRecord(r))
		}
		n++
	}
	return reply(http.StatusOK, page)
}

// Differences is what differs between two worlds of a sandbox.
type Differences struct {
	Differences []recorder.RecordChange `json:"differences"` // the records that differ, up to the first 1,000; secrets are redacted
	More        bool                    `json:"more"`        // there are more
}

// maxDifferences is the maximum number of records that a comparison lists.
const maxDifferences = 1000

// differences answers GET differences with what changed from one world to another. The defaults are
// the world at the start and the present one.
func (a *api) differences(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	all, err := s.Differences(c.Query().Get("from"), c.Query().Get("to"), maxDifferences+1)
	if err != nil {
		return service.Reply{}, mistake(err)
	}
	d := Differences{More: len(all) > maxDifferences}
	d.Differences = recorder.Shown(all[:min(len(all), maxDifferences)])
	return reply(http.StatusOK, d)
}
