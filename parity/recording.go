package parity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// A Recording holds the responses of the real servers to a story.
type Recording struct {
	Story   string   `json:"story"`
	Answers []Answer `json:"answers"`
}

// Versions holds the versions of the recorded servers, and the day of the recording.
type Versions struct {
	Recorded string            `json:"recorded"` // the day, as 2006-01-02
	Packages map[string]string `json:"packages"` // versions of Debian packages, by name
}

// text returns the recording as it is in its file. Each response has a line for the request, one
// for status and headers, and one for the body.
func (r Recording) text() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"story\": %q, \"answers\": [", r.Story)
	for i, a := range r.Answers {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n{")
		asked := struct {
			Name    string `json:"name"`
			Request string `json:"request"`
			Sent    string `json:"sent,omitempty"`
		}{a.Name, a.Request, a.Sent}
		answered := struct {
			Status  int               `json:"status"`
			Reason  string            `json:"reason"`
			Headers map[string]string `json:"headers,omitempty"`
		}{a.Status, a.Reason, a.Headers}
		body := struct {
			Body json.RawMessage `json:"body,omitempty"`
			Text string          `json:"text,omitempty"`
		}{a.Body, a.Text}
		for j, part := range []any{asked, answered, body} {
			text, err := members(part)
			if err != nil {
				return nil, err
			}
			if j > 0 && len(text) > 0 {
				b.WriteString(",\n ")
			}
			b.Write(text)
		}
		b.WriteString("}")
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

// members returns the JSON object of v without its braces.
func members(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(b.Bytes())
	return text[1 : len(text)-1], nil
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// Write writes the recording to its file below the folder.
func (r Recording) Write(folder string) error {
	text, err := r.text()
	if err != nil {
		return err
	}
	name := filepath.Join(folder, filepath.FromSlash(r.Story)+".json")
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// Write writes the versions to their file below the folder.
func (v Versions) Write(folder string) error {
	text, err := indented(v)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "versions.json"), text, 0o644)
}

// Recorded reads the recording of a story below the folder.
func Recorded(folder, story string) (Recording, error) {
	text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(story)+".json"))
	if err != nil {
		return Recording{}, err
	}
	var r Recording
	return r, json.Unmarshal(text, &r)
}
