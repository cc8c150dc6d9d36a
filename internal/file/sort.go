package file

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// Sorted sorts the parts of a joined error by file, line and column. Parts without a place come
// last. A limit is the max number of parts to keep.
func Sorted(err error, limit ...int) error {
	all := flat(err)
	if len(all) < 2 {
		return err
	}
	Sort(all)
	if len(limit) > 0 && len(all) > limit[0] {
		all = append(all[:limit[0]], errors.New("… and more"))
	}
	return errors.Join(all...)
}

// Sort sorts errors by file, line and column. Errors without a place come last.
func Sort(all []error) {
	slices.SortStableFunc(all, func(a, b error) int {
		x, y := placeOf(a), placeOf(b)
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
}

// flat returns the parts of an error.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flat(e)...)
	}
	return all
}

func placeOf(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{File: "\U0010FFFF", Line: math.MaxInt}
}
