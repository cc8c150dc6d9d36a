package explore

import (
	"strings"

	"standin/internal/recorder"
)

// hiddenWord replaces a secret in a command.
const hiddenWord = "[hidden]"

// shown returns a command without its secrets: the words after --password and the like.
func shown(command []string) []string {
	all := make([]string, len(command))
	before := ""
	for i, word := range command {
		name, _, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case strings.HasPrefix(before, "-") && !strings.Contains(before, "=") && recorder.Secret(strings.TrimLeft(before, "-")):
			all[i] = hiddenWord
		case given && strings.HasPrefix(word, "-") && recorder.Secret(name):
			all[i] = word[:strings.Index(word, "=")+1] + hiddenWord
		default:
			all[i] = recorder.Redacted(word)
		}
		before = word
	}
	return all
}
