package barbican

// The quirks of the contract that the code asks for.
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
)
