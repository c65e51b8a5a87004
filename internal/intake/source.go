package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// readAll reads and decodes every source. Problems of all files are told together.
func readAll(ctx context.Context, o Options, report *Report) ([]*capture, error) {
	if len(o.Sources) == 0 {
		return nil, &Refusal{Problems: []string{"nothing to import: name a file, a folder or the address of a status page"}}
	}
	var captures []*capture
	var refused Refusal
	for _, source := range o.Sources {
		read := readPath
		if isURL(source) {
			read = readURL
		}
		found, err := read(ctx, source, o, report)
		captures = append(captures, found...)
		if r := (*Refusal)(nil); errors.As(err, &r) {
			refused.Problems = append(refused.Problems, r.Problems...)
		} else if err != nil {
			return nil, err
		}
	}
	if len(refused.Problems) > 0 {
		return nil, &refused
	}
	for _, c := range captures {
		report.Sources = append(report.Sources, c.source)
	}
	return captures, nil
}

func isURL(source string) bool {
	u, err := url.Parse(source)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// readPath reads a file, or every file of a folder that can be a capture.
func readPath(ctx context.Context, path string, o Options, report *Report) ([]*capture, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, refuse(path, "can't be read: %s", cause(err))
	}
	if !info.IsDir() {
		c, err := readFile(path, path, o.MaxBytes)
		if other := (*notCapture)(nil); errors.As(err, &other) {
			return nil, refuse(path, "%s", other.what)
		}
		if err != nil {
			return nil, err
		}
		return []*capture{c}, nil
	}
	paths, err := filesBelow(path)
	if err != nil {
		return nil, refuse(path, "can't be read: %s", cause(err))
	}
	var captures []*capture
	var refused Refusal
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := readFile(p, p, o.MaxBytes)
		other, refusal := (*notCapture)(nil), (*Refusal)(nil)
		switch {
		case errors.As(err, &other):
			report.notTaken(other.source, other.what)
		case errors.As(err, &refusal):
			refused.Problems = append(refused.Problems, refusal.Problems...)
		case err != nil:
			return nil, err
		default:
			captures = append(captures, c)
		}
	}
	if len(refused.Problems) > 0 {
		return nil, &refused
	}
	if len(captures) == 0 {
		return nil, refuse(path, "has no capture of a status page in it")
	}
	return captures, nil
}

// filesBelow lists the files of a folder by the endings that captures have, in order.
func filesBelow(folder string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.Type().IsRegular() && slices.Contains([]string{".json", ".atom", ".rss", ".xml"}, strings.ToLower(filepath.Ext(path))):
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}

func readFile(path, source string, limit int64) (*capture, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, refuse(source, "can't be read: %s", cause(err))
	}
	defer f.Close()
	data, err := readLimited(f, limit)
	if err != nil {
		return nil, refuse(source, "%s", cause(err))
	}
	return decode(source, data)
}

var errTooLarge = errors.New("is too large for a capture")

// readLimited reads up to limit bytes and refuses more without reading them.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w (at most %d MB are read)", errTooLarge, max(limit>>20, 1))
	}
	return data, nil
}

// cause is an error of the file system without the path, which the sentence has already.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
