package devops

// The quirks of the contract that the code reads. They are the behaviour of v2.0.
const (
	filtersAreEnforced      = "devops.filters-are-enforced"
	missingPolicyIs401      = "devops.missing-policy-is-401"
	createIs201             = "devops.create-is-201"
	updateReplaces          = "devops.update-replaces-everything"
	updateMessage           = "devops.update-message"
	deleteMessage           = "devops.delete-message"
	acceptMustNameJSON      = "devops.accept-must-name-json"
	updateWantsContentType  = "devops.update-wants-content-type"
	deleteWantsContentType  = "devops.delete-wants-content-type"
	showIsPretty            = "devops.show-is-pretty"
	idComesLast             = "devops.id-comes-last"
	imagesHaveTemplates     = "devops.images-have-templates"
	unknownProviderIsText   = "devops.unknown-provider-is-text"
	jsonHasCharset          = "devops.json-has-a-charset"
	foreignRefererForbidden = "devops.foreign-referer-is-403"
	slashIsStored           = "devops.id-with-a-slash-is-stored"
)
