package world

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"standin/internal/file"
	"standin/internal/value"
)

func (tx *Tx) setStream(name string, s *stream) {
	if s == nil {
		return
	}
	if s.Drawn > 0 {
		tx.drawn(name).count = s.Drawn
	}
	if len(s.First) > 0 {
		tx.w.first = maps.Clone(tx.w.first)
		if tx.w.first == nil {
			tx.w.first = map[string][]string{}
		}
		tx.w.first[name] = s.First
	}
}

// streams returns the state of generated ids, by name of the stream.
func (w *World) streams() map[string]*stream {
	all := map[string]*stream{}
	for _, d := range w.draws {
		all[d.stream] = &stream{Drawn: d.count}
	}
	for name, ids := range w.first {
		if all[name] == nil {
			all[name] = &stream{}
		}
		all[name].First = ids
	}
	return all
}

// Dump returns a fixture as JSON, which Load can read. With names of sections it returns only
// those, without clock, seed and ids.
func (l *Loader) Dump(fx *Fixture, sections ...string) ([]byte, error) {
	var b bytes.Buffer
	err := l.DumpTo(&b, fx, sections...)
	return b.Bytes(), err
}

// DumpTo writes what Dump returns. It holds one record in memory at a time.
func (l *Loader) DumpTo(w io.Writer, fx *Fixture, sections ...string) error {
	out := &writer{w: bufio.NewWriterSize(w, dumpBuffer)}
	out.text("{")
	comma := ""
	if len(sections) == 0 {
		head, err := dumpHead(fx)
		if err != nil {
			return err
		}
		inner := value.Append(nil, head)
		out.text(string(inner[1 : len(inner)-1]))
		comma = ","
	}
	for _, s := range l.Sections {
		if len(sections) > 0 && !slices.Contains(sections, s.Name) {
			continue
		}
		out.text(comma + string(value.AppendString(nil, s.Name)) + ":{")
		s.dump(out, fx.World)
		out.text("}")
		comma = ","
	}
	out.text("}")
	return cmp.Or(out.err, out.w.Flush())
}

// dumpBuffer is the size in bytes of a write of DumpTo.
const dumpBuffer = 64 << 10

// A writer keeps the first error and then writes nothing more.
type writer struct {
	w   *bufio.Writer
	err error
}

func (w *writer) text(s string) {
	if w.err == nil {
		_, w.err = w.w.WriteString(s)
	}
}

func dumpHead(fx *Fixture) (*value.Object, error) {
	doc := value.NewObject(value.Member{Name: "seed", Value: fx.World.Seed()})
	if fx.Freeze != nil {
		doc.Set("clock", value.NewObject(value.Member{Name: "freeze", Value: fx.Freeze.Format(time.RFC3339Nano)}))
	}
	if all := fx.World.streams(); len(all) > 0 {
		raw, err := json.Marshal(all)
		if err != nil {
			return nil, err
		}
		doc.Set("ids", json.RawMessage(raw))
	}
	return doc, nil
}

func (s *Section) dump(out *writer, v View) {
	for i, c := range s.Collections {
		if i > 0 {
			out.text(",")
		}
		out.text(string(value.AppendString(nil, c.Name)) + ":[")
		comma := ""
		for r := range c.Dump(v) {
			raw, err := marshal(r)
			out.err = cmp.Or(out.err, err)
			if out.err != nil {
				return
			}
			out.text(comma)
			out.text(string(raw))
			comma = ","
		}
		out.text("]")
	}
}

func marshal(r any) (json.RawMessage, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	v, err := value.Parse(raw) // removes the HTML escapes of encoding/json
	if err != nil {
		return nil, err
	}
	return value.Append(nil, v), nil
}

// Generate returns a fixture file in YAML with generated records. It has count records of each
// collection of the section that can be generated. The same seed gives the same records.
func (l *Loader) Generate(section string, count int, seed int64) ([]byte, error) {
	s := l.section(section)
	base, err := l.build(nil)
	if err != nil {
		return nil, err
	}
	tx := base.World.WithSeed(seed).Begin()
	lists := value.NewObject()
	for _, c := range s.Collections {
		if c.Fake == nil {
			continue
		}
		f := NewFaker(seed, s.Name+"."+c.Name)
		list := []any{}
		for range count {
			r := c.Fake(tx, f)
			raw, err := marshal(r)
			if err != nil {
				return nil, err
			}
			node, err := file.Parse(s.Name, raw)
			if err != nil {
				return nil, err
			}
			if _, err := c.Load(tx, node); err != nil {
				return nil, err
			}
			list = append(list, raw)
		}
		lists.Set(c.Name, list)
	}
	raw, err := value.NewObject(value.Member{Name: s.Name, Value: lists}).MarshalJSON()
	if err != nil {
		return nil, err
	}
	return toYAML(raw)
}

// toYAML converts JSON to YAML in block style. The members keep their order.
func toYAML(raw []byte) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	blockStyle(&doc)
	return yaml.Dump(&doc)
}

func blockStyle(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		n.Style = 0 // the encoder adds quotes again where they are needed
	}
	for _, c := range n.Content {
		blockStyle(c)
	}
}
