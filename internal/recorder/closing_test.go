package recorder

import (
	"reflect"
	"testing"

	"standin/emulator/journal"
)

// Ensure records share a closing only if it says the same in every member.
func TestClosingsAreShared(t *testing.T) {
	t.Parallel()
	var s closings
	first := s.keep(&Closing{Status: 200, Facts: journal.Facts{Quirks: []string{"q"}}})
	if again := s.keep(&Closing{Status: 200, Facts: journal.Facts{Quirks: []string{"q"}}}); again != first {
		t.Error("the same closing is kept twice")
	}
	for _, path := range members(reflect.TypeFor[Closing](), nil) {
		s = closings{}
		empty, other := s.keep(&Closing{}), &Closing{}
		set(reflect.ValueOf(other).Elem().FieldByIndex(path))
		if kept := s.keep(other); kept == empty || !reflect.DeepEqual(kept, other) {
			t.Errorf("a closing that differs in %s is taken for another", reflect.TypeFor[Closing]().FieldByIndex(path).Name)
		}
		if again := s.keep(&Closing{}); again != empty {
			t.Error("the empty closing is kept twice")
		}
	}
}

// members returns the indexes of all members of a struct, also of those in it.
func members(s reflect.Type, above []int) (all [][]int) {
	for i := range s.NumField() {
		path := append(append([]int{}, above...), i)
		if f := s.Field(i); f.Type.Kind() == reflect.Struct {
			all = append(all, members(f.Type, path)...)
		} else {
			all = append(all, path)
		}
	}
	return all
}

// set sets a member to another value than its zero value.
func set(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	default:
		v.SetInt(1)
	}
}

// Ensure a journal keeps neither what its caller changes later nor what it showed, and that an amended
// entry does not change those that share its closing.
func TestSharedClosingsDoNotChange(t *testing.T) {
	t.Parallel()
	j := &Journal{}
	c := &Closing{}
	var tickets []Ticket
	for range 2 {
		*c = Closing{Status: 200, Facts: journal.Facts{Quirks: []string{"q"}}}
		tickets = append(tickets, j.Open(&Opening{}, nil, nil))
		j.Close(tickets[len(tickets)-1], journal.Answered, c, nil, nil)
		*c = Closing{}
	}
	if j.at(0).Closing != j.at(1).Closing {
		t.Error("two entries that ended alike share no closing")
	}
	j.Amend(tickets[0], journal.Aborted, "the client left")
	first := j.Find(journal.Filter{}).Entries
	first[0].Quirks[0], first[1].Quirks[0] = "changed", "changed"
	all := j.Find(journal.Filter{}).Entries
	if all[0].Note != "the client left" || all[1].Note != "" || all[1].Ended != journal.Answered {
		t.Errorf("%+v", all)
	}
	for _, e := range all {
		if e.Reply == nil || e.Reply.Status != 200 || len(e.Quirks) != 1 || e.Quirks[0] != "q" {
			t.Errorf("%+v", e)
		}
	}
	if j.Clear(); j.closings != (closings{}) {
		t.Error("a journal that was cleared holds closings")
	}
}
