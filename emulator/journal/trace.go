package journal

import "strings"

// These are the lengths of the parts of a traceparent.
const (
	versionLen = 2
	traceLen   = 32
	spanLen    = 16
	flagsLen   = 2
)

// ParseTrace reads the value of a header traceparent, such as
// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01. It returns the zero Trace if the value is
// not valid. Versions after 00 may have more parts.
func ParseTrace(header string) Trace {
	const first, second, third = versionLen, versionLen + 1 + traceLen, versionLen + 1 + traceLen + 1 + spanLen
	const whole = third + 1 + flagsLen
	if len(header) < whole || header[first] != '-' || header[second] != '-' || header[third] != '-' {
		return Trace{}
	}
	version, t := header[:first], Trace{TraceID: header[first+1 : second], SpanID: header[second+1 : third]}
	switch {
	case version == "ff", version == "00" && len(header) > whole, len(header) > whole && header[whole] != '-',
		!isHex(version), !isHex(t.TraceID), !isHex(t.SpanID), !isHex(header[third+1 : whole]),
		strings.Trim(t.TraceID, "0") == "", strings.Trim(t.SpanID, "0") == "":
		return Trace{}
	}
	return t
}

// isHex reports whether a text has only digits and the letters a to f.
func isHex(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isTraceID reports whether a text is a trace id, in upper or lower case.
func isTraceID(text string) bool { return len(text) == traceLen && isHex(strings.ToLower(text)) }
