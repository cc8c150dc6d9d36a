// Package schemas embeds the contracts, one OpenAPI 3.1 document for each service.
package schemas

import (
	"embed"
	"fmt"
	"hash/crc32"
)

// FS holds the contracts and the JSON Schemas for editors. Below json/ are the contracts as JSON,
// which make generate writes: parsing YAML would take most of the start-up time. json/sums has
// the checksums of the documents from which they were made.
//
//go:embed *.yaml *.schema.json json/*.json json/sums
var FS embed.FS

// Sum returns the line of json/sums for a document.
func Sum(service string, document []byte) string {
	return fmt.Sprintf("%08x %s\n", crc32.Checksum(document, crc32.MakeTable(crc32.Castagnoli)), service)
}
