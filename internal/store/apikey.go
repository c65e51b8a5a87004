package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// APIKey is what is kept of an operator's key: never its text.
type APIKey struct {
	Hash      string    `json:"hash"` // SHA-256 of the text, hex
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

// HashKey is how a key is looked up. Keys are random and long, so a plain hash is enough, and
// looking up by it takes the same time for any wrong key.
func HashKey(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// NewKey makes the text of an API key: random, 192 bits. It is kept nowhere until AddKey, and
// then only as a hash.
func NewKey() string {
	var secret [24]byte
	_, _ = rand.Read(secret[:]) // never fails: it ends the program instead
	return "ac_" + base64.RawURLEncoding.EncodeToString(secret[:])
}

// AddKey lets a key in.
func (s *Store) AddKey(ctx context.Context, name, text string) error {
	if err := status.CheckName("name", name); err != nil {
		return err
	}
	key := APIKey{Hash: HashKey(text), Name: name, CreatedAt: s.Now()}
	items := apiKeyItems(key)
	if err := s.table.Write(ctx, table.Put(items[0]), table.Put(items[1])); err != nil {
		return fmt.Errorf("create api key: %w", err)
	}
	return nil
}

// apiKeyItems are the two items of a key: by its hash, and in the list.
func apiKeyItems(key APIKey) []table.Item {
	return []table.Item{
		{Key: apiKeyKey(key.Hash), Attributes: encode(key)},
		{Key: apiKeysKey(key.Hash), Attributes: encode(key)},
	}
}

// Key finds the key with this text. An unknown one is a status.Error of code Unauthorized.
func (s *Store) Key(ctx context.Context, text string) (APIKey, error) {
	items, err := s.table.Get(ctx, apiKeyKey(HashKey(text)))
	if err != nil {
		return APIKey{}, fmt.Errorf("get api key: %w", err)
	}
	return decodeAPIKey(items[0])
}

func decodeAPIKey(item *table.Item) (APIKey, error) {
	if item == nil {
		return APIKey{}, &status.Error{Code: status.Unauthorized, Message: "Could not authenticate: unknown API key"}
	}
	key, err := decode[APIKey](item.Attributes)
	if err != nil {
		return APIKey{}, fmt.Errorf("decode api key: %w", err)
	}
	return key, nil
}

// Keys lists all keys, by hash.
func (s *Store) Keys(ctx context.Context) ([]APIKey, error) {
	items, err := table.All(ctx, s.table, table.Prefix(partitionKeys, prefixKeys))
	if err != nil {
		return nil, fmt.Errorf("list api keys: %w", err)
	}
	keys := make([]APIKey, len(items))
	for i := range items {
		if keys[i], err = decode[APIKey](items[i].Attributes); err != nil {
			return nil, fmt.Errorf("decode api key: %w", err)
		}
	}
	return keys, nil
}
