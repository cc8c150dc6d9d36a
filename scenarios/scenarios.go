// Package scenarios embeds the built-in scenarios.
package scenarios

import "embed"

// FS holds the built-in scenarios, each as NAME.yaml.
//
//go:embed *.yaml
var FS embed.FS
