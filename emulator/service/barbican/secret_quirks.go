package barbican

// The quirks of secrets that the code asks for.
const (
	payloadTypeIsAny        = "barbican.payload-type-is-any"
	wrongSecretLocation     = "barbican.wrong-location-of-secret-consumers"
	secretParametersBreak   = "barbican.repeated-secret-parameter-is-500"
	hugeBitsBreak           = "barbican.huge-bits-is-500"
	secretSubResourceBreaks = "barbican.secret-sub-resource-is-500"
	badPayloadBreaks        = "barbican.undecodable-payload-is-500"
	transportKeyBreaks      = "barbican.transport-key-is-500"
	otherMethodsAre406      = "barbican.secret-405-is-406-for-json"
	secretAllowMissing      = "barbican.secret-405-without-allow"
)
