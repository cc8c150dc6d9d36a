// Package scenarios embeds the built-in scenarios.
package scenarios

import "embed"

// FS holds NAME.yaml for each built-in scenario.
//
//go:embed *.yaml
var FS embed.FS
