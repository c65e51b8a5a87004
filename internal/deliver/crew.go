package deliver

import "sync"

// Crew runs functions at the same time and waits for them. What they do under its lock, they do one
// after the other.
type Crew interface {
	Go(f func())
	Wait()
	sync.Locker
}

// InOrder is a Crew that runs one function after the other, for samples whose effects are to come in
// one order. It needs no lock, and has none.
type InOrder struct{}

// Go runs f.
func (InOrder) Go(f func()) { f() }

// Wait does nothing: what was to be done is done.
func (InOrder) Wait() {}

// Lock does nothing.
func (InOrder) Lock() {}

// Unlock does nothing.
func (InOrder) Unlock() {}

// goroutines is the usual Crew. Who holds its lock sleeps, so it is one of which tests in virtual time
// can tell that others wait for it, unlike a mutex.
type goroutines struct {
	sync.WaitGroup
	lock chan struct{}
}

func (g *goroutines) Lock()   { g.lock <- struct{}{} }
func (g *goroutines) Unlock() { <-g.lock }

// crew is for what goes on at the same time.
func (w *Worker[S]) crew() Crew {
	if w.Crew != nil {
		return w.Crew()
	}
	return &goroutines{lock: make(chan struct{}, 1)}
}

// held is a lock that is unlocked once.
type held struct {
	sync.Locker
	open bool
}

func lock(l sync.Locker) *held {
	l.Lock()
	return &held{Locker: l}
}

func (h *held) unlock() {
	if !h.open {
		h.open = true
		h.Unlock()
	}
}
