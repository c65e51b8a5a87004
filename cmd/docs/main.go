// Command docs writes the documents that are generated: the catalogue of sample events.
package main

import (
	"fmt"
	"os"

	"allclear"
	"allclear/internal/replay"
	"allclear/internal/wiring"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run() error {
	wired, err := wiring.Read(allclear.Wiring)
	if err != nil {
		return err
	}
	text, err := replay.Catalogue("events", wired)
	if err != nil {
		return err
	}
	return os.WriteFile("docs/events.md", []byte(text), 0o644)
}
