package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"allclear/internal/secret"
)

func TestASecretOfAFolderIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	f := Folder(t.TempDir())
	first, err := f.Get(t.Context(), "x")
	if err != nil || len(first) != 43 {
		t.Fatalf("got %d characters, %v", len(first), err)
	}
	if again, err := f.Get(t.Context(), "x"); err != nil || again != first {
		t.Errorf("the second call gave another secret, %v", err)
	}
	onlyFile(t, f, "x.secret")
}

func TestASecretThatCannotBeReadIsNotMadeAnew(t *testing.T) {
	f := Folder(t.TempDir())
	if err := os.Mkdir(filepath.Join(string(f), "x.secret"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(t.Context(), "x"); err == nil {
		t.Error("a folder is taken for a secret")
	}
}

func TestASecretIsChangedWholeOrNotAtAll(t *testing.T) {
	f := Folder(t.TempDir())
	if err := f.Change(t.Context(), "x", func(string) (string, error) { t.Error("it is changed"); return "y", nil }); err == nil || !strings.Contains(err.Error(), "there is no secret x in "+string(f)) {
		t.Errorf("one that is not there: got %v", err)
	}
	old, err := f.Get(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no")
	if err := f.Change(t.Context(), "x", func(string) (string, error) { return "half", broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the change", err)
	}
	if got, err := f.Get(t.Context(), "x"); got != old || err != nil {
		t.Errorf("it changed though the change failed: %v", err)
	}
	onlyFile(t, f, "x.secret")
	// Who has the file open goes on reading the old one: it is not written into.
	open, err := os.Open(filepath.Join(string(f), "x.secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	before, err := open.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Change(t.Context(), "x", func(text string) (string, error) { return text + "\nmore\n", nil }); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Get(t.Context(), "x"); got != old+"\nmore" || err != nil {
		t.Errorf("got %v, want it changed", err)
	}
	if after := onlyFile(t, f, "x.secret"); os.SameFile(before, after) {
		t.Error("the file was written into: a reader could see half of it")
	}
}

// Of two changes at once the second begins with what the first made.
func TestChangesAtOnceLoseNothing(t *testing.T) {
	f := Folder(t.TempDir())
	if _, err := f.Get(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := f.Change(t.Context(), "x", func(text string) (string, error) { return text + "!", nil }); err != nil {
				t.Error(err)
			}
		})
	}
	// A reader meanwhile never sees part of one.
	all.Go(func() {
		for range 100 {
			if text, err := f.Get(t.Context(), "x"); err != nil || len(strings.TrimRight(text, "!")) != 43 {
				t.Errorf("read half: %d characters, %v", len(text), err)
			}
		}
	})
	all.Wait()
	if got, err := f.Get(t.Context(), "x"); err != nil || !strings.HasSuffix(got, strings.Repeat("!", 8)) {
		t.Errorf("got %d characters, %v, want all changes", len(got), err)
	}
}

func TestAFolderIsServedWhileItsLockIsHeld(t *testing.T) {
	f := Folder(t.TempDir())
	if served, err := f.Served(); served || err != nil {
		t.Errorf("got %t, %v, want nobody", served, err)
	}
	release, err := f.lock()
	if err != nil {
		t.Fatal(err)
	}
	if served, err := f.Served(); !served || err != nil {
		t.Errorf("got %t, %v, want that it is served", served, err)
	}
	release()
	if served, err := f.Served(); served || err != nil {
		t.Errorf("after it ended: got %t, %v, want nobody", served, err)
	}
	again, err := f.lock()
	if err != nil {
		t.Fatalf("asking keeps others out: %v", err)
	}
	again()
}

// Who rotates as root must not take the key away from the account that serves.
func TestAChangedSecretKeepsItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may give files away")
	}
	f := Folder(t.TempDir())
	if _, err := f.Get(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(string(f), "x.secret"), 12345, 23456); err != nil {
		t.Skip("files cannot be given away here")
	}
	if err := f.Change(t.Context(), "x", func(text string) (string, error) { return text + "!", nil }); err != nil {
		t.Fatal(err)
	}
	if had, ok := onlyFile(t, f, "x.secret").Sys().(*syscall.Stat_t); !ok || had.Uid != 12345 || had.Gid != 23456 {
		t.Errorf("got %+v, want it still theirs", had)
	}
}

var _ secret.Changer = Folder("")

// onlyFile is the one file of a folder, which only its owner may read.
func onlyFile(t *testing.T, f Folder, name string) os.FileInfo {
	t.Helper()
	entries, err := os.ReadDir(string(f))
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Fatalf("got %v, %v, want %s only", entries, err, name)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got mode %v, %v, want 0600", info.Mode(), err)
	}
	return info
}
