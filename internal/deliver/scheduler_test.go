package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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
	holding map[string]int // the subscribers that it has claimed, or may have, how often
	busy    bool
	family  *process // of which it is a part: all its parts die at once
	resume  chan bool
	parked  chan struct{}
	done    bool
	doomed  bool // to die at its next step
	crashed bool
	failure any    // a panic
	again   func() // what takes its place if it dies; may be nil
}

// never is when who waits for somebody else wakes.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// spawn starts a process. What it does between two pauses happens at one instant.
func (s *scheduler) spawn(name string, skew time.Duration, body func(*process)) *process {
	p := &process{name: name, skew: skew, wake: s.now, holding: map[string]int{}, resume: make(chan bool), parked: make(chan struct{})}
	p.family = p
	s.procs = append(s.procs, p)
	go func() {
		defer func() {
			p.failure = recover()
			p.done = true
			p.parked <- struct{}{}
		}()
		p.goOn()
		body(p)
	}()
	return p
}

// goOn waits until the process is resumed, and ends it there if that is to die: unlike a panic,
// nothing on the way can stop that.
func (p *process) goOn() {
	if <-p.resume {
		p.crashed = true
		runtime.Goexit()
	}
}

// crew lets parts of the process that runs go on at the same time. It is a deliver.Crew.
type crew struct {
	*scheduler
	left   int
	wait   *process // for the last of them
	locked bool
	queue  []*process // for the lock
}

func (c *crew) Go(f func()) {
	family := c.current.family
	c.left++
	part := c.spawn(family.name, family.skew, func(*process) {
		defer func() {
			if c.left--; c.left == 0 && c.wait != nil {
				c.wait.wake = c.now
			}
		}()
		f()
	})
	part.family = family
}

func (c *crew) Wait() {
	if c.left > 0 {
		c.wait = c.current
		c.pause(never)
		c.wait = nil
	}
}

func (c *crew) Lock() {
	for c.locked {
		c.queue = append(c.queue, c.current)
		c.pause(never)
	}
	c.locked = true
}

func (c *crew) Unlock() {
	c.locked = false
	for _, p := range c.queue {
		p.wake = c.now
	}
	c.queue = nil
}

// pause lets others run until a time. Outside of a process it does nothing.
func (s *scheduler) pause(until time.Time) {
	p := s.current
	if p == nil {
		return
	}
	p.wake = until
	p.parked <- struct{}{}
	p.goOn()
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
	s.resume(p, p.doomed || s.crashes(p))
	if p.crashed {
		for _, o := range s.procs {
			if o.family == p.family {
				o.doomed, o.wake = true, s.now
			}
		}
	}
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
