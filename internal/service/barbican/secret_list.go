package barbican

import (
	"cmp"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"standin/internal/service"
)

// A secretFilter holds the filters and the order of a list of secrets.
type secretFilter struct {
	name, alg, mode string // patterns of SQL's LIKE; empty: no filter
	kind            string // empty: no filter
	bits            *big.Int
	dates           []dateTest
	sort            []secretOrder
	shared          bool // instead of the project's: those of all projects whose ACL names the caller
}

// listSecrets handles GET /v1/secrets. It lists the secrets of the caller's project that have not
// expired. The default order is that of creation.
func listSecrets(c *service.Call) (service.Reply, error) {
	f, err := readSecretFilter(c)
	if err != nil {
		return service.Reply{}, err
	}
	p := readPaging(c)
	page, total := f.page(c, p)
	shown := consumersShown(c)
	w := p.open(c, "secrets", "secrets", total, len(page))
	for _, s := range page {
		writeSecret(&w, c, s, shown, true)
	}
	return p.close(&w, c, "secrets", len(page)), nil
}

// page returns the secrets of a page, and the number of secrets on all pages.
func (f *secretFilter) page(c *service.Call, p *paging) (page []*secret, total int) {
	project := c.Caller.Project.ID
	if f.plain() && expiredSecrets(c, project) == 0 {
		return secretsOfProject.Page(c.View, project, p.offset, p.limit, false), secretsOfProject.Len(c.View, project)
	}
	all := secretsOfProject.All(c.View, project, 0)
	if f.shared {
		all = allSecrets.All(c.View, "", 0)
	}
	var found []*secret
	for s := range all {
		if !s.expired(c.Now) && f.fits(s) && (!f.shared || sharedWith(c, s)) {
			found = append(found, s)
		}
	}
	slices.SortStableFunc(found, f.compare)
	from := min(p.offset, len(found))
	return found[from:min(from+p.limit, len(found))], len(found)
}

// sharedWith reports whether the secret's ACL names the caller.
func sharedWith(c *service.Call, s *secret) bool {
	a := acls.Get(c.View, "secrets/"+s.ID)
	return a != nil && slices.Contains(a.Users, c.Caller.ID)
}

func (f *secretFilter) plain() bool {
	return !f.shared && f.name == "" && f.alg == "" && f.mode == "" && f.kind == "" && f.bits == nil && len(f.dates) == 0 && len(f.sort) == 0
}

func (f *secretFilter) fits(s *secret) bool {
	like := func(pattern string, v *string) bool {
		return pattern == "" || v != nil && likePattern(pattern, *v)
	}
	switch {
	case !like(f.name, s.Name), !like(f.alg, s.Algorithm), !like(f.mode, s.Mode):
		return false
	case f.kind != "" && f.kind != s.Type:
		return false
	case f.bits != nil && (s.BitLength == nil || f.bits.Cmp(big.NewInt(int64(*s.BitLength))) != 0):
		return false
	}
	for _, d := range f.dates {
		if !d.fits(s) {
			return false
		}
	}
	return true
}

// readSecretFilter reads the query. The name is decoded a second time, and bits that are not a
// number are ignored (barbican/secrets-list.yaml: "filter"). Invalid dates and orders are errors
// (barbican/secrets-list.yaml: "sort").
func readSecretFilter(c *service.Call) (*secretFilter, error) {
	f := &secretFilter{}
	f.name, _ = c.Last("name")
	if plain, err := url.QueryUnescape(f.name); err == nil {
		f.name = plain
	}
	f.alg, _ = c.Last("alg")
	f.mode, _ = c.Last("mode")
	f.kind, _ = c.Last("secret_type")
	// "true" in any letter case; other values are ignored (barbican/secrets-list.yaml: "filter").
	only, _ := c.Last("acl_only")
	f.shared = strings.EqualFold(only, "true")
	if n := number(c, "bits"); n != nil && n.Sign() > 0 {
		// The quirk barbican.huge-bits-is-500.
		if f.bits = n; !n.IsInt64() && c.Quirk(hugeBitsBreak) {
			return nil, failure(attempt(c))
		}
	}
	for _, of := range []string{"created", "updated", "expiration"} {
		text, _ := c.Last(of)
		tests, ok := readDates(of, text)
		if !ok {
			return nil, badQuery()
		}
		f.dates = append(f.dates, tests...)
	}
	// Unknown keys and directions and repeated keys are errors (barbican/secrets-list.yaml: "sort").
	text, _ := c.Last("sort")
	var ok bool
	if f.sort, ok = readOrders(text); !ok {
		return nil, badQuery()
	}
	return f, nil
}

func badQuery() error {
	return service.Errorf(service.Invalid, "", "URI provided invalid query string parameters.")
}

// likePattern implements LIKE of SQLite. % matches any text and _ any character. ASCII letters
// match in upper and lower case.
func likePattern(pattern, text string) bool {
	var star, mark string // the pattern after the last %, and the text where it was last tried
	tried := false
	for text != "" {
		want, n := utf8.DecodeRuneInString(pattern)
		got, m := utf8.DecodeRuneInString(text)
		switch {
		case pattern != "" && want == '%':
			pattern = pattern[n:]
			star, mark, tried = pattern, text, true
		case pattern != "" && (want == '_' || foldASCII(want) == foldASCII(got)):
			pattern, text = pattern[n:], text[m:]
		case tried:
			_, m = utf8.DecodeRuneInString(mark)
			mark = mark[m:]
			pattern, text = star, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern, "%") == ""
}

func foldASCII(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToLower(r)
	}
	return r
}

// A dateTest compares a time of a secret with a date. The server ignores the zone of the date.
type dateTest struct {
	of, op string
	time   time.Time
}

func (d dateTest) fits(s *secret) bool {
	var t time.Time
	switch d.of {
	case "created":
		t = s.Created.time()
	case "updated":
		t = s.Updated.time()
	case "expiration":
		if s.Expiration == nil {
			return false
		}
		t = s.Expiration.time()
	}
	switch n := t.Compare(d.time); d.op {
	case "gt":
		return n > 0
	case "gte":
		return n >= 0
	case "lt":
		return n < 0
	case "lte":
		return n <= 0
	default:
		return n == 0
	}
}

// excludes lists, for each comparison, those that may not come before it in a list of dates.
var excludes = map[string][]string{
	"gt": {"gt", "gte"}, "gte": {"gt", "gte", "eq"}, "lt": {"lt", "lte"}, "lte": {"lt", "lte", "eq"}, "eq": {"eq", "gte", "lte"},
}

func readDates(of, text string) ([]dateTest, bool) {
	if text == "" {
		return nil, true
	}
	var tests []dateTest
	// barbican/secrets-list.yaml: "filter", for created=gte:DATE,lte:DATE
	for piece := range strings.SplitSeq(text, ",") {
		op, date, ok := strings.Cut(piece, ":")
		if !ok || op != "gt" && op != "gte" && op != "lt" && op != "lte" {
			op, date = "eq", piece
		}
		t, ok := parseTime(date)
		if !ok || slices.ContainsFunc(tests, func(d dateTest) bool { return slices.Contains(excludes[op], d.op) }) {
			return nil, false
		}
		tests = append(tests, dateTest{of, op, t.written})
	}
	return tests, true
}

// A secretOrder is a key by which a list is sorted.
type secretOrder struct {
	key  string
	down bool
}

// sortKeys compare secrets by a key; null comes first.
var sortKeys = map[string]func(a, b *secret) int{
	"algorithm":   func(a, b *secret) int { return compareTexts(a.Algorithm, b.Algorithm) },
	"bit_length":  func(a, b *secret) int { return compareNull(a.BitLength, b.BitLength, cmp.Compare[int]) },
	"created":     func(a, b *secret) int { return cmp.Compare(a.Created, b.Created) },
	"expiration":  func(a, b *secret) int { return compareNull(a.Expiration, b.Expiration, cmp.Compare[stamp]) },
	"mode":        func(a, b *secret) int { return compareTexts(a.Mode, b.Mode) },
	"name":        func(a, b *secret) int { return compareTexts(a.Name, b.Name) },
	"secret_type": func(a, b *secret) int { return strings.Compare(a.Type, b.Type) },
	"status":      func(a, b *secret) int { return strings.Compare(a.Status, b.Status) },
	"updated":     func(a, b *secret) int { return cmp.Compare(a.Updated, b.Updated) },
}

func compareTexts(a, b *string) int { return compareNull(a, b, strings.Compare) }
func compareNull[T any](a, b *T, compare func(a, b T) int) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return compare(*a, *b)
}

func (f *secretFilter) compare(a, b *secret) int {
	for _, o := range f.sort {
		n := sortKeys[o.key](a, b)
		if o.down {
			n = -n
		}
		if n != 0 {
			return n
		}
	}
	return 0
}

// readOrders reads keys with an optional direction after a colon. It reports false for a key that
// is unknown or repeated.
func readOrders(text string) ([]secretOrder, bool) {
	if text == "" {
		return nil, true
	}
	var orders []secretOrder
	for piece := range strings.SplitSeq(text, ",") {
		key, direction, ok := strings.Cut(piece, ":")
		if !ok {
			direction = "asc"
		}
		known := sortKeys[key] != nil && (direction == "asc" || direction == "desc")
		if !known || slices.ContainsFunc(orders, func(o secretOrder) bool { return o.key == key }) {
			return nil, false
		}
		orders = append(orders, secretOrder{key, direction == "desc"})
	}
	return orders, true
}
