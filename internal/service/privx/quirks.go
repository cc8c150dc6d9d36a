package privx

// The quirks of the contract that the code reads.
const (
	clientNamesUnique    = "privx.names-of-api-clients-are-unique"
	unknownRolesAccepted = "privx.unknown-roles-are-accepted"
	allKeywords          = "privx.all-keywords-must-match"
	putKeepsRoles        = "privx.put-without-roles-keeps-them"
	freshLacksUpdated    = "privx.fresh-clients-have-no-updated"
	badIDIs400           = "privx.id-that-is-no-uuid-is-400"
	limitIsBounded       = "privx.limit-is-at-most-1000"
	wrongLoginIs401      = "privx.wrong-login-is-401"
	confidentialClient   = "privx.client-type-is-confidential"
	emptyRoleIDIs400     = "privx.empty-role-id-is-400"
)
