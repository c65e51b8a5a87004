package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"allclear/internal/secret"
)

func (f Folder) secret(name string) string { return filepath.Join(string(f), name+".secret") }

// Get is a secret of the folder by name, made on first use.
func (f Folder) Get(_ context.Context, name string) (string, error) {
	text, err := f.readSecret(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	made := secret.New()
	if err := f.writeSecret(name, made); err != nil {
		return "", err
	}
	return made, nil
}

// Change replaces the text of a secret by what is made of it, whole or not at all. Changes at the
// same time, also of several programs, happen one after the other.
func (f Folder) Change(_ context.Context, name string, change func(text string) (string, error)) error {
	folder, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	defer folder.Close() // gives the lock back
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	text, err := f.readSecret(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no secret %s in %s: serve makes it when it starts", name, string(f))
	}
	if err != nil {
		return err
	}
	if text, err = change(text); err != nil {
		return err
	}
	return f.writeSecret(name, text)
}

func (f Folder) readSecret(name string) (string, error) {
	text, err := os.ReadFile(f.secret(name))
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// writeSecret puts a whole file where a secret is. Who reads meanwhile reads the old text or the new
// one. The file stays that of its owner, also where root replaces it.
func (f Folder) writeSecret(name, text string) error {
	file, err := os.CreateTemp(string(f), name+".*.new") // with mode 0600
	if err != nil {
		return fmt.Errorf("write secret: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // it has another name by then, unless something failed
	_, err = file.WriteString(strings.TrimSpace(text) + "\n")
	err = errors.Join(err, keepOwner(file, f.secret(name)), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.secret(name))
	}
	if err == nil {
		err = f.sync()
	}
	if err != nil {
		return fmt.Errorf("write secret: %w", err)
	}
	return nil
}

// sync makes durable which files the folder has. A key that signed must be there after a power cut.
func (f Folder) sync() error {
	folder, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// keepOwner gives a file to whom the one before it belongs, if there is one.
func keepOwner(file *os.File, before string) error {
	info, err := os.Stat(before)
	if err != nil {
		return nil //nolint:nilerr // the first one belongs to who makes it
	}
	had, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(had.Uid) == os.Getuid() {
		return nil
	}
	return file.Chown(int(had.Uid), int(had.Gid))
}
