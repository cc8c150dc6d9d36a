package freezer

// The quirks of the contract that the code reads.
const (
	offsetIsAnIndex      = "freezer.offset-is-an-index"
	searchInQueryIgnored = "freezer.search-in-the-query-is-ignored"
	hostnameMissingIs500 = "freezer.hostname-missing-is-500"
	itemsAreRows         = "freezer.items-are-rows"
	uuidIsUniqueForever  = "freezer.uuid-is-unique-forever"
	truthyNonObjectIs500 = "freezer.truthy-non-object-is-500"
	limitBeyondIs500     = "freezer.limit-beyond-64-bits-is-500"
	commasAloneAre500    = "freezer.commas-alone-are-500"
	everybodyMay         = "freezer.everybody-may"
	versionsHaveNoBody   = "freezer.versions-have-no-body"
	unavailableIsHTML    = "freezer.unavailable-is-html"
)
