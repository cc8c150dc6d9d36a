package parity

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"standin/internal/value"
)

// Compare returns the differences between a recorded response and one of Standin, one line each.
func Compare(real, ours Answer) []string {
	var all []string
	if real.Status != ours.Status {
		all = append(all, fmt.Sprintf("status: real %d, Standin %d", real.Status, ours.Status))
	} else if !strings.EqualFold(real.Reason, ours.Reason) {
		all = append(all, fmt.Sprintf("reason: real %q, Standin %q", real.Reason, ours.Reason))
	}
	names := maps.Clone(real.Headers)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, ours.Headers)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, inReal := real.Headers[name]
		b, inOurs := ours.Headers[name]
		if a != b || inReal != inOurs {
			all = append(all, fmt.Sprintf("header %s: real %s, Standin %s", name, told(a, inReal), told(b, inOurs)))
		}
	}
	return append(all, bodies(real, ours)...)
}

func told(v string, there bool) string {
	if !there {
		return "none"
	}
	return fmt.Sprintf("%q", v)
}

func bodies(real, ours Answer) []string {
	a, errA := value.Parse(real.Body)
	b, errB := value.Parse(ours.Body)
	if errA == nil && errB == nil {
		return differ("", a, b)
	}
	whole := func(x Answer) string {
		if len(x.Body) > 0 {
			return string(x.Body)
		}
		return x.Text
	}
	if whole(real) == whole(ours) {
		return nil
	}
	return []string{fmt.Sprintf("body: real %s, Standin %s", shown(whole(real)), shown(whole(ours)))}
}

func shown(text string) string {
	if len(text) > 300 {
		text = text[:300] + "..."
	}
	if text == "" {
		return "empty"
	}
	return strings.TrimSpace(text)
}

// differ compares two JSON values and returns their differences.
func differ(at string, a, b any) []string {
	x, isX := a.(*value.Object)
	y, isY := b.(*value.Object)
	if isX && isY {
		return objects(at, x, y)
	}
	list, isList := a.([]any)
	other, isOther := b.([]any)
	if isList && isOther && len(list) == len(other) {
		var all []string
		for i := range list {
			all = append(all, differ(fmt.Sprintf("%s/%d", at, i), list[i], other[i])...)
		}
		return all
	}
	if value.Equal(a, b) {
		return nil
	}
	return []string{fmt.Sprintf("body %s: real %s, Standin %s", at, shown(string(value.Append(nil, a))), shown(string(value.Append(nil, b))))}
}

func objects(at string, x, y *value.Object) []string {
	var all []string
	for _, m := range x.Members() {
		other, ok := y.Get(m.Name)
		if !ok {
			all = append(all, fmt.Sprintf("body %s/%s: real %s, Standin none", at, m.Name, shown(string(value.Append(nil, m.Value)))))
			continue
		}
		all = append(all, differ(at+"/"+m.Name, m.Value, other)...)
	}
	for _, m := range y.Members() {
		if _, ok := x.Get(m.Name); !ok {
			all = append(all, fmt.Sprintf("body %s/%s: real none, Standin %s", at, m.Name, shown(string(value.Append(nil, m.Value)))))
		}
	}
	return all
}
