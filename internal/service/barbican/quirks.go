package barbican

// The quirks of the contract that the code reads.
const (
	urlMustBeUpperCase          = "barbican.url-must-be-upper-case"
	wrongLocationHeader         = "barbican.wrong-location-header"
	consumersCollide            = "barbican.consumers-collide"
	repeatedLimitFails          = "barbican.repeated-limit-is-500"
	unknownSubResourceFails     = "barbican.unknown-sub-resource-is-500"
	argumentNamesFail           = "barbican.external-project-id-is-500"
	pathlessReferenceFails      = "barbican.reference-without-a-path-is-500"
	foreignReferencesAreRefused = "barbican.foreign-references-are-refused"
	quotaLinksLeadNowhere       = "barbican.project-quotas-links-lead-nowhere"
	unscopedTokenFails          = "barbican.unscoped-token-is-500"
	newDefaultsAreEnforced      = "barbican.new-defaults-are-enforced"

	payloadTypeIsAny        = "barbican.payload-type-is-any"
	wrongSecretLocation     = "barbican.wrong-location-of-secret-consumers"
	secretParametersBreak   = "barbican.repeated-secret-parameter-is-500"
	hugeBitsBreak           = "barbican.huge-bits-is-500"
	secretSubResourceBreaks = "barbican.secret-sub-resource-is-500"
	badPayloadBreaks        = "barbican.undecodable-payload-is-500"
	transportKeyBreaks      = "barbican.transport-key-is-500"
	oddUsersBreak           = "barbican.odd-acl-users-are-500"
	otherMethodsAre406      = "barbican.secret-405-is-406-for-json"
	secretAllowMissing      = "barbican.secret-405-without-allow"
)
