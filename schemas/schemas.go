// Package schemas embeds the contracts, one OpenAPI 3.1 document per service.
package schemas

import "embed"

// FS holds the files.
//
//go:embed *.yaml
var FS embed.FS
