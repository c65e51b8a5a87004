// Package store holds the access patterns of the Status table: how pages, components, incidents,
// days, events and API keys lie in items, one file each, with all keys in keys.go. Reads give
// domain values; every write goes through Commit, which makes one transaction of the change, the
// page's next version and the event that records it. It renders, publishes and sends nothing.
// The HTTP packages and the steps of the pipeline call it.
package store

import (
	"crypto/rand"
	"sync"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Store reads and writes one Status table. Make it with New.
type Store struct {
	table table.Table
	now   func() time.Time
	newID func() string
	ahead *ahead // also the table, in the store of one request; else nil
	pages *pages
}

// pages are the locks of all pages, one set for a Store and those that it answers from Admit.
type pages struct {
	mu    sync.Mutex
	locks map[string]*pageLock
}

// pageLock is held by commits of one page, so that they wait for each other instead of colliding.
type pageLock struct {
	sync.Mutex
	seq int64 // of the last commit under it, 0 for none
}

// Options of a Store; zero values mean the real clock and random ids.
type Options struct {
	Now   func() time.Time
	NewID func() string
}

// New makes a Store on the Status table.
func New(t table.Table, o Options) *Store {
	s := &Store{table: t, now: o.Now, newID: o.NewID, pages: &pages{locks: map[string]*pageLock{}}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.newID == nil {
		s.newID = RandomID
	}
	return s
}

// Now is the store's clock, in UTC milliseconds.
func (s *Store) Now() time.Time { return status.Millis(s.now()) }

// NewID makes an id.
func (s *Store) NewID() string { return s.newID() }

// RandomID makes a random id: 12 characters [a-z0-9], 62 bits.
func RandomID() string {
	id := make([]byte, 0, status.IDLength)
	var b [2 * status.IDLength]byte
	for {
		_, _ = rand.Read(b[:]) // never fails: it ends the program instead
		for _, r := range b {
			if int(r) >= 256/len(status.IDAlphabet)*len(status.IDAlphabet) {
				continue // would make the first letters likelier
			}
			id = append(id, status.IDAlphabet[int(r)%len(status.IDAlphabet)])
			if len(id) == status.IDLength {
				return string(id)
			}
		}
	}
}

func (s *Store) pageLock(page string) *pageLock {
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	if s.pages.locks[page] == nil {
		s.pages.locks[page] = &pageLock{}
	}
	return s.pages.locks[page]
}
