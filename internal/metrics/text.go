package metrics

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// TextType is the media type of the text format of Prometheus.
const TextType = "text/plain; version=0.0.4; charset=utf-8"

// A Text is metrics in the text format of Prometheus
// (https://prometheus.io/docs/instrumenting/exposition_formats).
type Text struct {
	b    []byte
	name string
}

// These are the kinds of metrics.
const (
	Counter = "counter"
	Gauge   = "gauge"
)

// Begin begins a metric. Its values follow.
func (t *Text) Begin(name, kind, help string) {
	t.name = name
	t.b = append(t.b, "# HELP "+name+" "+strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(help)+"\n# TYPE "+name+" "+kind+"\n"...)
}

// Value adds a value of the metric. labels are names and values in turns.
func (t *Text) Value(v uint64, labels ...string) { t.line("", strconv.FormatUint(v, 10), labels) }

// One adds a metric that has one value.
func (t *Text) One(name, kind, help string, v uint64) {
	t.Begin(name, kind, help)
	t.Value(v)
}

// Histogram adds the values of a histogram of seconds. The metric must have begun with the kind
// "histogram".
func (t *Text) Histogram(h *Histogram, labels ...string) {
	total := uint64(0)
	for i := range h.counts {
		total += h.counts[i].Load()
		bound := "+Inf"
		if i < len(bounds) {
			bound = seconds(bounds[i])
		}
		t.line("_bucket", strconv.FormatUint(total, 10), append(slices.Clip(labels), "le", bound))
	}
	t.line("_sum", seconds(time.Duration(h.sum.Load())), labels)
	t.line("_count", strconv.FormatUint(total, 10), labels)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'g', -1, 64) }

func (t *Text) line(suffix, v string, labels []string) {
	t.b = append(append(t.b, t.name...), suffix...)
	for i := 0; i+1 < len(labels); i += 2 {
		open := byte(',')
		if i == 0 {
			open = '{'
		}
		t.b = append(append(append(t.b, open), labels[i]...), '=', '"')
		t.b = append(t.b, strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(labels[i+1])...)
		t.b = append(t.b, '"')
	}
	if len(labels) > 0 {
		t.b = append(t.b, '}')
	}
	t.b = append(append(append(t.b, ' '), v...), '\n')
}

// Bytes returns the text.
func (t *Text) Bytes() []byte { return t.b }
