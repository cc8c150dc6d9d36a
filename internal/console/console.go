// Package console holds the files of the page at /_standin/ui: HTML, CSS and ES modules, without a
// build step. The page gets everything it shows from the control API.
package console

import (
	"embed"
	"path"
)

//go:embed *.html *.css *.js *.svg
var files embed.FS

// Index is the name of the page.
const Index = "index.html"

// Policy is the Content-Security-Policy of all files: the page loads nothing from elsewhere, and runs
// no script and no style that is written into it.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// File returns a file with its media type; false if there is none of that name.
func File(name string) (content []byte, mediaType string, ok bool) {
	content, err := files.ReadFile(name)
	return content, mediaTypes[path.Ext(name)], err == nil
}
