package fault

// Where says which requests a rule is about: those that all of its members fit.
// Texts are globs: "*" stands for anything.
type Where struct {
	Operation string              `json:"operation,omitempty"` // operationId: freezer.clients.create, freezer.*, *.create
	Method    string              `json:"method,omitempty"`    // GET, POST…
	Path      string              `json:"path,omitempty"`      // with or without prefixes; {name} is one segment
	Query     map[string]*string  `json:"query,omitempty"`     // parameters; nil (null): absent
	Header    map[string]*string  `json:"header,omitempty"`    // request headers; nil (null): absent
	Caller    Caller              `json:"caller,omitzero"`
	Body      map[string]BodyTest `json:"body,omitempty"` // by JSON pointer: /client/hostname
}

// Caller says whose requests a rule is about.
type Caller struct {
	User    string `json:"user,omitempty"`    // name or id
	Token   string `json:"token,omitempty"`   // as the request shows it
	Project string `json:"project,omitempty"` // name or id
}

// A BodyTest looks at one place in a JSON body. All members that are given must hold.
type BodyTest struct {
	Equals  any     `json:"equals,omitempty"`  // a JSON value, in the types of package value
	Exists  *bool   `json:"exists,omitempty"`  //
	Matches *string `json:"matches,omitempty"` // a regular expression, on the text of the value
}
