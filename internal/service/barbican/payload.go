package barbican

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

const (
	plainText = "text/plain"
	octets    = "application/octet-stream"
	pkcs8     = "application/pkcs8"
)

// plainTypes are the spellings of plain text that a client may accept.
var plainTypes = []string{plainText, "text/plain;charset=utf-8", "text/plain; charset=utf-8"}

// supportedRepr is the list of payload types in the server's messages.
var supportedRepr = openstack.Repr(value.List(append(slices.Clone(plainTypes), octets, pkcs8)))

// normalType returns the type of a payload as it is stored. A type that the server does not know,
// or with a charset other than UTF-8, stays as it is
// (barbican/secrets-kinds.yaml: "read a type of text").
func normalType(mediaType string) string {
	parts := strings.Split(mediaType, ";")
	if len(parts) > 1 {
		_, charset, ok := strings.Cut(strings.ToLower(parts[1]), "=")
		charset, _, _ = strings.Cut(charset, "=")
		if !ok || strings.TrimSpace(charset) != "utf-8" {
			return mediaType
		}
	}
	switch kind := strings.ToLower(strings.TrimSpace(parts[0])); kind {
	case plainText, octets, pkcs8:
		return kind
	}
	return mediaType
}

// supportedType reports whether the type is one of payloads.
func supportedType(mediaType string) bool {
	return slices.Contains([]string{plainText, octets, pkcs8}, normalType(mediaType))
}

// showPayload handles GET /v1/secrets/{secret_ref}/payload.
func showPayload(c *service.Call) (service.Reply, error) { return payloadReply(c) }

// payloadReply returns the payload. The type is the whole Accept header, which is also the
// Content-Type of the response (barbican/secrets.yaml: "payload what is accepted"). The default
// is application/octet-stream.
func payloadReply(c *service.Call) (service.Reply, error) {
	s, what := secretOf(c), attempt(c)
	if !s.hasPayload() {
		return service.Reply{}, service.Errorf(service.NotFound, "", "Not Found. Sorry but your secret has no payload.")
	}
	if key, _ := c.Last("trans_wrapped_session_key"); key != "" {
		if _, ok := c.Last("transport_key_id"); !ok {
			return service.Reply{}, service.Errorf(service.Invalid, "", "Transport key wrapped session key has been provided to wrap secrets for retrieval, but the transport key id has not been provided.")
		}
		return service.Reply{}, noTransportKey(c, true)
	}
	asked := c.Accept()
	switch asked {
	case "":
		asked = octets
	case "*/*":
		asked = s.ContentType
	}
	switch {
	case !supportedType(asked), slices.Contains(plainTypes, asked) && !utf8.Valid(s.Payload):
		return service.Reply{}, issue(service.NotAcceptable, what, "Wrong payload content-type")
	// A supported type in a spelling that the server does not list.
	case asked != octets && asked != pkcs8 && !slices.Contains(plainTypes, asked):
		return service.Reply{}, issue(service.Invalid, what, "content-type of '"+asked+"' not supported")
	case asked == plainText:
		asked += "; charset=UTF-8"
	}
	// barbican/secrets.yaml: "payload what is accepted"
	if c.Accept() == "*/*" && c.Quirk(payloadTypeIsAny) {
		asked = "*/*"
	}
	// barbican/payload-bytes.yaml: "payload of none of the alphabet"
	if len(s.Payload) == 0 {
		return service.Reply{Status: http.StatusNoContent}, nil
	}
	return service.Reply{Status: http.StatusOK, ContentType: asked, Body: s.Payload}, nil
}

// updateSecret handles PUT /v1/secrets/{secret_ref}. It sets the payload of a secret that was
// created without one.
func updateSecret(c *service.Call) (service.Reply, error) {
	s, what := secretOf(c), attempt(c)
	_, named := c.Last("transport_key_id")
	switch {
	case len(c.Body) == 0:
		return service.Reply{}, issue(service.Invalid, what, "No data supplied to process.")
	case len(c.Body) > maxPayload:
		return service.Reply{}, issue(service.TooLarge, what, tooLarge)
	// barbican/secrets.yaml: "put again"
	case s.hasPayload():
		return service.Reply{}, service.Errorf(service.Conflict, "", "Secret already has data, cannot modify it.")
	case named:
		return service.Reply{}, noTransportKey(c, false)
	}
	payload, err := sentPayload(c, what)
	if err != nil {
		return service.Reply{}, err
	}
	secrets.Update(c.Tx(), s, func(s *secret) {
		s.ContentType, s.Payload, s.Updated = c.MediaType(), payload, newStamp(c.Now)
	})
	return service.Reply{Status: http.StatusNoContent}, nil
}

// ascii reports whether the server's library decodes a text. It refuses other texts, but accepts
// the same bytes (barbican/payload-bytes.yaml: "put an umlaut").
func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// sentPayload returns the decoded body of a PUT. The encoding of plain text is ignored. An
// encoding other than base64 is an error
// (barbican/secrets.yaml: "put in an encoding that is none").
func sentPayload(c *service.Call, what string) ([]byte, error) {
	encoding := strings.Join(c.Header["Content-Encoding"], ",")
	switch {
	case c.MediaType() == plainText || encoding == "":
		return slices.Clone(c.Body), nil
	case !strings.EqualFold(encoding, "base64"):
		return nil, issue(service.Invalid, what, "Text-based binary secret payloads must specify a content-encoding of 'base64'")
	}
	raw, ok := decodeBase64(c.Body)
	switch {
	case ok:
		return raw, nil
	// barbican/payload-bytes.yaml: "put a letter too few"
	case c.Quirk(badPayloadBreaks):
		return nil, failure(what)
	default:
		return nil, issue(service.Invalid, what, "Unable to decode request data.")
	}
}

// decodeBase64 decodes as the server's library does. It ignores bytes that are not in the
// alphabet, and everything after the padding
// (barbican/payload-bytes.yaml: "put a byte before the padding").
func decodeBase64(text []byte) ([]byte, bool) {
	out := make([]byte, 0, len(text)/4*3+3)
	var bits uint32
	var letters, pads int
	for i := range len(text) {
		ch := text[i]
		if ch == '=' {
			if letters >= 2 {
				if pads++; letters+pads >= 4 {
					return out, true
				}
			}
			continue
		}
		v := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", ch)
		if v < 0 {
			continue
		}
		pads = 0
		bits = bits<<6 | uint32(v)
		switch letters++; letters {
		case 2:
			out = append(out, byte(bits>>4))
		case 3:
			out = append(out, byte(bits>>2))
		case 4:
			out = append(out, byte(bits))
			letters, bits = 0, 0
		}
	}
	return out, letters == 0
}
