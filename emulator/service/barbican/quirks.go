package barbican

// The quirks of the contract that the code asks for.
const (
	urlMustBeUpperCase  = "barbican.url-must-be-upper-case"
	wrongLocationHeader = "barbican.wrong-location-header"
)
