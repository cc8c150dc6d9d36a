package fault

import "fmt"

// Failure returns a rule that makes an operation fail once, with a failure that its contract
// documents: Failure("freezer.clients.create", 753). The command standin faults lists the failures.
func Failure(operation string, status int) Rule {
	return Rule{Use: fmt.Sprintf("%s/%d", operation, status)}
}

// Lost returns a rule that loses one answer. The operation, or the next one that matches a glob, is
// carried out; then the connection is reset.
func Lost(operation string) Rule {
	return Rule{Where: Where{Operation: operation}, Phase: After, What: What{Connection: Cut(Reset)}}
}
