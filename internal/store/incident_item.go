package store

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"

	"allclear/internal/status"
	"allclear/internal/table"
)

// An incident is one item. When its timeline is long it is kept compressed, so that the item
// stays far below the table's limit.
const (
	compressOver = 48 << 10  // bytes of item from which updates are compressed
	maxIncident  = 300 << 10 // bytes of item up to which updates are taken
	maxFinal     = 380 << 10 // the same for one that ends the incident, with a short body
	shortBody    = 2 << 10   // bytes
	maxInflated  = 64 << 20  // bytes; no item of ours comes near
)

const attributeCompressed = "updates_deflate"

// incidentItem makes the item of an incident, or refuses it as too long.
func incidentItem(page string, i *status.Incident) (table.Item, error) {
	item := table.Item{Key: incidentKey(page, i), Attributes: encode(*i)}
	size, err := table.Size(item)
	if err != nil {
		return table.Item{}, fmt.Errorf("encode incident %s: %w", i.ID, err)
	}
	if size > compressOver {
		packed, err := deflate(i.Updates)
		if err != nil {
			return table.Item{}, fmt.Errorf("compress incident %s: %w", i.ID, err)
		}
		delete(item.Attributes, "updates")
		item.Attributes[attributeCompressed] = packed
		if size, err = table.Size(item); err != nil {
			return table.Item{}, fmt.Errorf("encode incident %s: %w", i.ID, err)
		}
	}
	limit := maxIncident
	if i.Status.Final() && len(i.Updates) > 0 && len(i.Updates[0].Body) <= shortBody {
		limit = maxFinal
	}
	if size > limit {
		return table.Item{}, status.Invalidf("incident.body",
			"makes the incident too long to keep: resolve it with a short update and open a new one")
	}
	return item, nil
}

func decodeIncident(item *table.Item) (*status.Incident, error) {
	i, err := decode[status.Incident](item.Attributes)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", item.Key, err)
	}
	if packed, ok := item.Attributes[attributeCompressed].([]byte); ok {
		if err := inflate(packed, &i.Updates); err != nil {
			return nil, fmt.Errorf("decompress %s: %w", item.Key, err)
		}
	}
	return &i, nil
}

func deflate(v any) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func inflate(packed []byte, v any) error {
	r := flate.NewReader(bytes.NewReader(packed))
	defer r.Close()
	return json.NewDecoder(io.LimitReader(r, maxInflated)).Decode(v)
}
