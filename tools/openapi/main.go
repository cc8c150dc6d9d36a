// Command openapi validates OpenAPI documents against the OpenAPI specification.
//
// It is a separate module, so that the emulator does not depend on its dependencies.
package main

import (
	"fmt"
	"os"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

func main() {
	bad := false
	for _, name := range os.Args[1:] {
		if err := validate(name); err != nil {
			bad = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			continue
		}
		fmt.Printf("%s: a valid OpenAPI document\n", name)
	}
	if bad || len(os.Args) == 1 {
		os.Exit(1)
	}
}

func validate(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	doc, err := libopenapi.NewDocument(data)
	if err != nil {
		return err
	}
	if version := doc.GetVersion(); version != "3.1.0" {
		return fmt.Errorf("version %s, expected 3.1.0", version)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		return errs[0]
	}
	if ok, problems := v.ValidateDocument(); !ok {
		for _, p := range problems {
			for _, s := range p.SchemaValidationErrors {
				fmt.Fprintf(os.Stderr, "%s:%d: %s\n", name, s.Line, s.Reason)
			}
		}
		return fmt.Errorf("%s", problems[0].Message)
	}
	return nil
}
