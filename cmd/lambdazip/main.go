// Command lambdazip puts a function's executable into a zip as Lambda takes it, as small as it
// gets, since a small zip starts sooner: lambdazip ZIP EXECUTABLE. The same executable gives the
// same zip, byte by byte, whatever machine it was built on.
package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/flate"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: lambdazip ZIP EXECUTABLE")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "lambdazip:", err)
		os.Exit(1)
	}
}

// entry is the name by which the runtime provided.al2023 starts a function.
const entry = "bootstrap"

func pack(target, executable string) (err error) {
	from, err := os.Open(executable)
	if err != nil {
		return fmt.Errorf("open executable: %w", err)
	}
	defer from.Close()
	file, err := os.Create(target)
	if err != nil {
		return fmt.Errorf("create zip: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := zip.NewWriter(file)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: entry, Method: zip.Deflate}
	header.SetMode(0o755) // marks it as made on Unix, so that the mode counts
	part, err := w.CreateHeader(header)
	if err != nil {
		return fmt.Errorf("write zip: %w", err)
	}
	if _, err := io.Copy(part, from); err != nil {
		return fmt.Errorf("write zip: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write zip: %w", err)
	}
	return nil
}
