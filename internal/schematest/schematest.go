// Package schematest holds everything that this program stores, reads and publishes against the
// schemas in schema/: sample events, items, request bodies, published documents and the Go structs
// behind them. It is tests, and the small loader that they share; no program imports it.
package schematest

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	extension = ".schema.json"
	// definitions is the folder of what other schemas refer to; nothing is valid against it as a whole.
	definitions = "definitions/"
	// asyncAPI describes the topic for those who subscribe to it. It refers to the schemas.
	asyncAPI = "asyncapi.yaml"
	// openAPI describes what is answered over HTTP. It refers to the schemas, too.
	openAPI = "openapi.yaml"
	// base makes addresses of paths. No loader knows the scheme, so a reference leads nowhere else.
	base = "schema:///"
)

// Schemas are the compiled schemas of a folder, by path without ".schema.json": "item/page".
type Schemas struct {
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
	raw      map[string]map[string]any
}

// Load compiles every schema of a folder. One that is not valid by JSON Schema 2020-12, or that
// refers to what is not there, is an error; so is any other file but the two descriptions.
func Load(folder fs.FS) (*Schemas, error) {
	s := &Schemas{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}, raw: map[string]map[string]any{}}
	s.compiler.AssertFormat()
	if err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == asyncAPI || path == openAPI {
			return err
		}
		return s.add(folder, path)
	}); err != nil {
		return nil, fmt.Errorf("load schemas: %w", err)
	}
	for name := range s.raw {
		var err error
		if s.compiled[name], err = s.compiler.Compile(base + name + extension); err != nil {
			return nil, fmt.Errorf("compile %s: %w", name, err)
		}
	}
	return s, nil
}

func (s *Schemas) add(folder fs.FS, path string) error {
	name, ok := strings.CutSuffix(path, extension)
	if !ok {
		return fmt.Errorf("%s is no schema", path)
	}
	text, err := fs.ReadFile(folder, path)
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if s.raw[name], ok = document.(map[string]any); !ok {
		return fmt.Errorf("read %s: it is no object", path)
	}
	return s.compiler.AddResource(base+path, document)
}

// at compiles a part of a schema: "item/page", or "item/page#/$defs/settings".
func (s *Schemas) at(place string) (*jsonschema.Schema, error) {
	name, pointer, _ := strings.Cut(place, "#")
	return s.compiler.Compile(base + name + extension + "#" + pointer)
}
