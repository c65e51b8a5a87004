package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// scheduler runs processes one at a time, from one pause to the next, in virtual time. Which goes
// first where several could is a throw of the dice, so that a seed gives the same run again.
type scheduler struct {
	now     time.Time
	dice    func(most int) int // 0 to most
	procs   []*process
	current *process
	steps   int
	// crashes is asked at each pause whether the process dies there.
	crashes func(*process) bool
}

type process struct {
	name    string
	skew    time.Duration // of its clock
	wake    time.Time
	holding string // the subscriber that it has claimed, or may have
	busy    bool
	resume  chan bool
	parked  chan struct{}
	done    bool
	crashed bool
	failure any    // a panic that is no crash
	again   func() // what takes its place if it dies; may be nil
}

var errCrash = errors.New("the process dies here")

// never is when who waits for somebody else wakes.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// spawn starts a process. What it does between two pauses happens at one instant.
func (s *scheduler) spawn(name string, skew time.Duration, body func(*process)) *process {
	p := &process{name: name, skew: skew, wake: s.now, resume: make(chan bool), parked: make(chan struct{})}
	s.procs = append(s.procs, p)
	go func() {
		defer func() {
			if e := recover(); e != nil {
				if p.crashed = e == errCrash; !p.crashed { //nolint:errorlint // it is this very value
					p.failure = e
				}
			}
			p.done = true
			p.parked <- struct{}{}
		}()
		if <-p.resume {
			panic(errCrash)
		}
		body(p)
	}()
	return p
}

// pause lets others run until a time. Outside of a process it does nothing.
func (s *scheduler) pause(until time.Time) {
	p := s.current
	if p == nil {
		return
	}
	p.wake = until
	p.parked <- struct{}{}
	if <-p.resume {
		panic(errCrash)
	}
}

// step runs one process until its next pause and answers it. It fails if all wait forever.
func (s *scheduler) step() (*process, error) {
	s.steps++
	first := slices.MinFunc(s.procs, func(a, b *process) int { return a.wake.Compare(b.wake) })
	if !first.wake.Before(never) {
		return nil, errors.New("all processes wait for each other")
	}
	if first.wake.After(s.now) {
		s.now = first.wake
	}
	var ready []*process
	for _, p := range s.procs {
		if !p.wake.After(s.now) {
			ready = append(ready, p)
		}
	}
	p := ready[s.dice(len(ready)-1)]
	s.resume(p, s.crashes(p))
	if p.failure != nil {
		return p, fmt.Errorf("%s: %v", p.name, p.failure)
	}
	return p, nil
}

func (s *scheduler) resume(p *process, crash bool) {
	s.current = p
	p.resume <- crash
	<-p.parked
	s.current = nil
	if p.done {
		s.procs = slices.DeleteFunc(s.procs, func(o *process) bool { return o == p })
	}
}

// end lets all processes die, so that none outlives its test.
func (s *scheduler) end() {
	for len(s.procs) > 0 {
		s.resume(s.procs[0], true)
	}
}

// clock is a process's: it is wrong by its skew, and who sleeps may oversleep.
type clock struct {
	*scheduler
	skew      time.Duration
	oversleep func() time.Duration
}

func (c clock) Now() time.Time { return c.now.Add(c.skew) }

func (c clock) Sleep(_ context.Context, until time.Time) error {
	if wake := until.Add(-c.skew); wake.After(c.now) {
		c.pause(wake.Add(c.oversleep()))
	}
	return nil
}

// dice gives numbers from 0 to most. It is cheap, because it is asked thousands of times.
func dice(seed uint64) func(most int) int {
	return func(most int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed>>33) % (most + 1)
	}
}
