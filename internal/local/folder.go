package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Folder is the data folder of one deployment: everything it has is in there.
//
//	allclear.db     the tables and their change log
//	public/         the published documents
//	local.json      where a running serve can be reached; only while it runs
//	local.key       the text of the API key "local"
//	serve.lock      held by a running serve
//	failures.jsonl  batches of records that were given up
//	inbox/          mails that were captured instead of sent
//	NAME.secret     the secrets, such as signing-key
type Folder string

func (f Folder) database() string { return filepath.Join(string(f), "allclear.db") }
func (f Folder) public() string   { return filepath.Join(string(f), "public") }
func (f Folder) contract() string { return filepath.Join(string(f), "local.json") }
func (f Folder) key() string      { return filepath.Join(string(f), "local.key") }
func (f Folder) lockFile() string { return filepath.Join(string(f), "serve.lock") }
func (f Folder) failures() string { return filepath.Join(string(f), "failures.jsonl") }

func (f Folder) inbox() string { return filepath.Join(string(f), "inbox") }

func (f Folder) make() error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	return nil
}

// BusyError says that another program runs on the folder.
type BusyError struct {
	Folder Folder
	PID    int // 0 when it is not known
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another allclear serves %s already", string(e.Folder))
	}
	return fmt.Sprintf("another allclear serves %s already (pid %d)", string(e.Folder), e.PID)
}

// lock makes this process the one that publishes from the folder, until release is called or the
// process ends, however it ends. A *BusyError names who holds it.
func (f Folder) lock() (release func(), err error) {
	file, err := os.OpenFile(f.lockFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock data folder: %w", err)
		}
		text, _ := os.ReadFile(f.lockFile())
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &BusyError{Folder: f, PID: pid}
	}
	if err := errors.Join(file.Truncate(0), writeAt(file, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		file.Close()
		return nil, fmt.Errorf("write lock: %w", err)
	}
	return func() { file.Close() }, nil
}

// Served tells whether a serve runs on the folder. It leaves no trace.
func (f Folder) Served() (bool, error) {
	file, err := os.Open(f.lockFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open lock: %w", err)
	}
	defer file.Close() // gives the lock back
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		return false, fmt.Errorf("look at lock: %w", err)
	}
	return err != nil, nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}
