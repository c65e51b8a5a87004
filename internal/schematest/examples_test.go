package schematest

import (
	"strings"
	"testing"
)

// TestEverythingIsValidAndEverySchemaIsUsed holds what was really made against the schemas: an
// example without a schema fails, and so does a schema that no example is of.
func TestEverythingIsValidAndEverySchemaIsUsed(t *testing.T) {
	all := schemas(t)
	used := map[string]bool{}
	for source, collect := range map[string]func(*testing.T, *Schemas) []example{
		"items":  itemExamples,
		"ledger": ledgerExamples,
		"topic":  topicExamples,
		"inputs": inputExamples,
		"pages":  pageExamples,
		"events": sourceExamples,
	} {
		t.Run(source, func(t *testing.T) {
			for _, e := range collect(t, all) {
				schema := all.compiled[e.schema]
				if schema == nil {
					t.Errorf("%s has no schema", e.name)
					continue
				}
				used[e.schema] = true
				if err := schema.Validate(e.instance); err != nil {
					t.Errorf("%s: %v", e.name, err)
				}
			}
		})
	}
	for _, name := range all.names() {
		if !used[name] && !strings.HasPrefix(name, definitions) {
			t.Errorf("%s has no example", name)
		}
	}
}
