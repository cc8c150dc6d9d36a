// Package schemas embeds the contracts, one OpenAPI 3.1 document for each service.
package schemas

import (
	"embed"
	"fmt"
	"io/fs"
)

// FS holds the contracts and the JSON Schemas for editors. Below json/ are the contracts as JSON,
// which make generate writes: parsing YAML would take most of the start-up time. json/sizes has the sizes
// of the documents from which they were made: to read all of their text would take a twentieth of a start.
//
//go:embed *.yaml *.schema.json json/*.json json/sizes
var FS embed.FS

// Outlines holds the outlines of all contracts, one after the other, which make generate writes. It is
// no file of FS, because to read one is to copy it.
//
//go:embed json/outlines.tsv
var Outlines string

// Size returns the line of json/sizes for the document of a service.
func Size(files fs.FS, service string) (string, error) {
	info, err := fs.Stat(files, service+".yaml")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d\n", service, info.Size()), nil
}
