package barbican

import (
	"testing"
	"time"
)

// Ensure times are parsed as the server's library parses them.
func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2050":                            "2050-01-01T00:00:00",
		"2050-01":                         "2050-01-01T00:00:00",
		"2050-2-3":                        "2050-02-03T00:00:00",
		"20500203":                        "2050-02-03T00:00:00",
		"2050-01-01 10":                   "2050-01-01T10:00:00",
		"20500101T101112Z":                "2050-01-01T10:11:12",
		"2050-01-01T10:00:00,25":          "2050-01-01T10:00:00.25",
		"2050-01-01T10:00:00.1234567Z":    "2050-01-01T10:00:00.123456",
		"2050-01-01T10:00:00+0130":        "2050-01-01T08:30:00",
		"2050-01-01T10:00:00-05":          "2050-01-01T15:00:00",
		"2050-01-01T00:00:00.123456+0200": "2049-12-31T22:00:00.123456",
	} {
		expected, err := time.Parse(wholeSeconds, want)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := parseTime(text); !ok || !got.utc().Equal(expected) {
			t.Errorf("%s: got %v %v, want %s", text, got.utc(), ok, want)
		}
	}
	for _, text := range []string{
		"", "soon", "205001", "2050-13-01", "2050-00-01", "2050-02-30", "2050-01-01T24:00:00", "2050-01-01T10:60:00", "2050-01-01T10:00:60",
		"0000-01-01", "2050-01-01t10:00", "2050-01-01T", "2050-01-01Z", "2050-W01-1", "2050-01-01T10:00:00+24", "9999-12-31T23:59:59-01:00", "２０５０",
	} {
		if got, ok := parseTime(text); ok {
			t.Errorf("%s: read as %v", text, got)
		}
	}
}

// Ensure patterns of SQL's LIKE match what they match in SQLite.
func TestLikePattern(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, text string
		fits          bool
	}{
		{"abc", "ABC", true},
		{"É", "é", false},
		{"a_c", "aéc", true},
		{"a_c", "ac", false},
		{"%", "", true},
		{"_", "", false},
		{"%b%", "abc", true},
		{"a%c", "abcabc", true},
		{"a%cb", "abcabc", false},
		{"%%_", "x", true},
		{"a%", "a\nb", true},
		{"%bcabd", "abcabcabd", true},
		{"a", "ab", false},
		{"\x80%", "%", false},
	}
	for _, tt := range tests {
		if got := likePattern(tt.pattern, tt.text); got != tt.fits {
			t.Errorf("%q like %q: %v", tt.text, tt.pattern, got)
		}
	}
}

// Ensure Base64 is decoded as Python decodes it without validate.
func TestDecodeBase64(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"cA==": "p", "cA==cA==": "p", "c@A =\n=": "p", "@@": "", "====": "", "cAcA": "p\x07\x00", "Y2=xx": "c\x6c\x71", "c===A==": "p", "AP8B": "\x00\xff\x01",
		"YWJj\xff": "abc", "\xffYW\xfeJj": "abc", "YQ=\xff=": "a", "é": "",
	} {
		if got, ok := decodeBase64([]byte(text)); !ok || string(got) != want {
			t.Errorf("%q: %q %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"cA", "c", "cA=", "c===", "cAcAc"} {
		if got, ok := decodeBase64([]byte(text)); ok {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Ensure types of payloads are normalised or refused.
func TestNormalType(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"text/plain": plainText, "TEXT/PLAIN;CHARSET=UTF-8": plainText, "text/plain;charset = utf-8": plainText, "text/plain; a=utf-8=b": plainText,
		"Application/Octet-Stream": octets, "application/octet-stream;charset=utf-8": octets, "application/pkcs8": pkcs8,
	} {
		if got := normalType(text); got != want || !supportedType(text) {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{"", "text/html", "application/aes", "text/plain; charset", "text/plain;charset=latin-1", "text/plain;", "text/plain;x=y;charset=utf-8"} {
		if supportedType(text) {
			t.Errorf("%q is supported", text)
		}
	}
}
