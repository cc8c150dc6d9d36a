package barbican_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"standin/internal/servicetest"
)

// Ensure the tests leave no goroutine running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// step is one request of a story.
type step = servicetest.Step

var has = servicetest.Has

// fixtureFile writes a fixture to a file and returns the name of the file.
func fixtureFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fixture.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Paths of secrets and of a container in the fixtures, and of the secret that a story creates.
const (
	secretsPath = "/v1/secrets"
	greeting    = secretsPath + "/2f6e8c1a-9b4d-4e7f-8a3c-5d6b7c8e9f01"
	bare        = secretsPath + "/b61613fc-be53-4696-ac01-c3a789e87973"
	created     = secretsPath + "/c5d4e3f2-a1b0-4c9d-8e7f-6a5b4c3d2e1f"
	withSecret  = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9"
)

func as(headers ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(headers); i += 2 {
		m[headers[i]] = headers[i+1]
	}
	return m
}

// matrixFixture has a user for each role of Barbican in the project of the container. It also has
// an admin of another project. Tokens are ROLE-token.
const matrixFixture = "testdata/roles.yaml"

const matrixContainer = "/v1/containers/16fdec85-583e-4cd4-bf94-bc38b9a84abc"
