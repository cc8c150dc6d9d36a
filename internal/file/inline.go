package file

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Inline returns a value as YAML on one line, in flow style: {name: a, when: {times: 1}}. The value
// is one that encoding/json can encode. Members keep the order of their JSON.
func Inline(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return "", err
	}
	plain(&doc)
	out, err := yaml.Dump(&doc, yaml.WithLineWidth(-1))
	return strings.TrimSpace(string(out)), err
}

// plain removes the quotes of texts; the encoder adds those that are needed.
func plain(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		n.Style = 0
	}
	for _, c := range n.Content {
		plain(c)
	}
}
