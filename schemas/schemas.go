// Package schemas embeds the contracts, one OpenAPI 3.1 document per service.
package schemas

import (
	"embed"
	"fmt"
	"hash/crc32"
)

// FS holds the files, those that editors read among them, and below json/ the contracts as JSON, made of them by make generate:
// reading YAML would be most of what starting takes. json/sums says of which documents they were made.
//
//go:embed *.yaml *.schema.json json/*.json json/sums
var FS embed.FS

// Sum is the line of json/sums about a document.
func Sum(service string, document []byte) string {
	return fmt.Sprintf("%08x %s\n", crc32.Checksum(document, crc32.MakeTable(crc32.Castagnoli)), service)
}
