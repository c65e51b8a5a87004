package deliver

import "context"

// Pool is several workers in one process, for where chunks come at once: a laptop, whose database
// makes the claims of many durable together. Each worker keeps its own time, because each sends one
// message at a time and that is what a clock's name stands for.
type Pool[S any] struct {
	idle chan *Worker[S]
}

// NewPool makes a pool of n workers, n >= 1, that are like w but for their ClockName. What w holds
// must be safe for concurrent use.
func NewPool[S any](w Worker[S], n int) *Pool[S] {
	p := &Pool[S]{idle: make(chan *Worker[S], n)}
	for range n {
		one := w
		one.ClockName = w.NewID()
		p.idle <- &one
	}
	return p
}

// Handle delivers one chunk as Worker.Handle does, as soon as a worker is idle.
func (p *Pool[S]) Handle(ctx context.Context, c Chunk) (Report, error) {
	select {
	case w := <-p.idle:
		defer func() { p.idle <- w }()
		return w.Handle(ctx, c)
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
}
