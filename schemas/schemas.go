// Package schemas embeds the contracts, one OpenAPI 3.1 document per service.
package schemas

import "embed"

// FS holds the files, those that editors read among them, and below json/ the contracts as JSON, made of them by make generate:
// reading YAML would be most of what starting takes.
//
//go:embed *.yaml *.schema.json json/*.json
var FS embed.FS
