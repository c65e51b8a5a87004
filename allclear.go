// Package allclear embeds what a built program carries with it: the wiring of its functions and
// the built site. Only cmd and functions import it.
package allclear

import (
	"embed"
	"io/fs"

	"allclear/internal/page"
)

// Wiring holds serverless.yml and resources/, which say what triggers which function.
//
//go:embed serverless.yml resources
var Wiring embed.FS

//go:embed all:site/dist
var site embed.FS

// Site holds the built site; without a build it has nothing but .keep.
func Site() fs.FS {
	sub, err := fs.Sub(site, "site/dist")
	if err != nil {
		panic(err) // the path is a constant
	}
	return sub
}

// SiteFiles are the files of the built site that HTML pages name.
func SiteFiles() page.Site {
	files, err := page.SiteFrom(Site())
	if err != nil {
		panic(err) // the build is broken; every test that runs a program sees it
	}
	return files
}
