package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Contract is what a running serve tells other programs, in DIR/local.json (mode 0600).
type Contract struct {
	PublicURL string  `json:"public_url"` // of the page, without a trailing slash
	APIURL    string  `json:"api_url"`    // ends in /v1
	AdminURL  *string `json:"admin_url"`
	InboxURL  *string `json:"inbox_url"`
	PageID    string  `json:"page_id"`
	APIKey    string  `json:"api_key"`
	PID       int     `json:"pid"`
}

// writeContract replaces local.json by rename, so that a reader sees all of it or none.
func (f Folder) writeContract(c Contract) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode local.json: %w", err)
	}
	temporary := f.contract() + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write local.json: %w", err)
	}
	if err := os.Rename(temporary, f.contract()); err != nil {
		return fmt.Errorf("put local.json in place: %w", err)
	}
	return nil
}

func (f Folder) removeContract() error {
	if err := os.Remove(f.contract()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove local.json: %w", err)
	}
	return nil
}

// ReadContract reads local.json. An error wraps fs.ErrNotExist when no serve runs on the folder.
func (f Folder) ReadContract() (Contract, error) {
	var c Contract
	text, err := os.ReadFile(f.contract())
	if err != nil {
		return c, fmt.Errorf("read local.json: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("decode local.json: %w", err)
	}
	return c, nil
}
