// Package schemas embeds the contracts, one OpenAPI 3.1 document for each service.
package schemas

import (
	"embed"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
)

// FS holds the contracts and the JSON Schemas for editors. Below json/ are the contracts as JSON,
// which make generate writes: parsing YAML would take most of the start-up time. json/sums has the
// checksums of the documents from which they were made.
//
//go:embed *.yaml *.schema.json json/*.json json/sums
var FS embed.FS

// Outlines holds the outlines of all contracts, one after the other, which make generate writes. It is
// no file of FS, because to read one is to copy it.
//
//go:embed json/outlines.tsv
var Outlines string

// Sum returns the line of json/sums for the document of a service.
func Sum(files fs.FS, service string) (string, error) {
	f, err := files.Open(service + ".yaml")
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	_, err = io.CopyBuffer(sum, f, make([]byte, 4<<10)) // less memory than io.Copy takes
	return fmt.Sprintf("%08x %s\n", sum.Sum32(), service), err
}
