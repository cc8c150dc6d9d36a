package devops

import (
	"cmp"
	"mime"
	"slices"
	"strconv"
	"strings"

	"standin/internal/service"
)

// acceptable is the check that the client accepts JSON. The quirk devops.accept-must-name-json
// looks for the name of the type.
func acceptable(c *service.Call) error {
	ok := service.Quality(c.Accept(), "application/json") > 0
	// Sinatra compares names, so "*/*" is not accepted, and q=0 is ignored.
	if c.Quirks[acceptMustNameJSON] {
		if named := strings.Contains(preferred(c.Accept()), "application/json"); named != ok && c.Quirk(acceptMustNameJSON) {
			ok = named
		}
	}
	if ok {
		return nil
	}
	return service.Errorf(service.NotAcceptable, "", "Accept header should contains 'application/json' type")
}

// preferred returns the first media range in the order of Sinatra 1.4.3. Sinatra sorts by
// quality, then by the fewest stars, then by the most parameters, and looks at the first only.
func preferred(accept string) string {
	type entry struct {
		mediaType     string
		quality       float64
		stars, params int
	}
	var entries []entry
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		e := entry{mediaType: mediaType, quality: 1, stars: strings.Count(mediaType, "*"), params: len(params)}
		if q, ok := params["q"]; ok {
			e.quality, _ = strconv.ParseFloat(q, 64)
			e.params--
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.quality, a.quality), cmp.Compare(a.stars, b.stars), cmp.Compare(b.params, a.params))
	})
	if len(entries) == 0 {
		return ""
	}
	return entries[0].mediaType
}
