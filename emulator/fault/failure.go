package fault

import "fmt"

// Failure is the rule by which an operation once answers a failure that its contract documents:
// Failure("freezer.clients.create", 753). The command standin faults lists them.
func Failure(operation string, status int) Rule {
	return Rule{Use: fmt.Sprintf("%s/%d", operation, status)}
}

// Lost is the rule by which an operation, or those that fit a glob, is carried out once and its
// answer is lost: the connection is reset.
func Lost(operation string) Rule {
	return Rule{Where: Where{Operation: operation}, Phase: After, What: What{Connection: Cut(Reset)}}
}
