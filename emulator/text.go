package emulator

import (
	"encoding/json"
)

// textOf returns the text of a file. It is given as text, or as a value to encode as JSON.
func textOf(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	default:
		return json.Marshal(v)
	}
}
