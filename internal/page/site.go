package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// The names that the build of the site uses: its list of built files, and the entry and
// icon of the public page in it.
const (
	siteManifest = ".vite/manifest.json"
	siteEntry    = "src/page/main.tsx"
	siteIcon     = "src/page/icon.svg"
)

// chunk is an entry of Vite's manifest (https://vite.dev/guide/backend-integration), as far as
// it is needed here. Paths are relative to the root of the built site.
type chunk struct {
	File string   `json:"file"`
	CSS  []string `json:"css"`
}

// SiteFrom finds the files of the public page in a built site, whose root is fsys (site/dist). A
// site that was not built gives an empty Site: pages then have no styles and no scripts, and
// read well all the same.
func SiteFrom(fsys fs.FS) (Site, error) {
	text, err := fs.ReadFile(fsys, siteManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return Site{}, nil
	}
	if err != nil {
		return Site{}, fmt.Errorf("read site manifest: %w", err)
	}
	var manifest map[string]chunk
	if err := json.Unmarshal(text, &manifest); err != nil {
		return Site{}, fmt.Errorf("decode site manifest: %w", err)
	}
	entry, ok := manifest[siteEntry]
	if !ok {
		return Site{}, fmt.Errorf("read site manifest: no entry %s", siteEntry)
	}
	site := Site{Scripts: []string{"/" + entry.File}}
	for _, css := range entry.CSS {
		site.Styles = append(site.Styles, "/"+css)
	}
	if icon, ok := manifest[siteIcon]; ok {
		site.Icon = "/" + icon.File
	}
	return site, nil
}
