package store

import (
	"allclear/internal/item"
	"allclear/internal/table"
)

// encode and decode are internal/item's, by short names: nearly every file here needs them.
func encode(v any) table.Attributes { return item.Encode(v) }

func decode[T any](a table.Attributes) (T, error) { return item.Decode[T](a) }
