// Package workers runs tasks on a bounded number of goroutines that are kept.
//
// A goroutine for each task would grow its stack anew each time; on the way of
// a delivery that cost 7 % of the CPU.
package workers

import (
	"context"
	"sync"
)

// Pool runs do on up to a number of tasks at once.
type Pool[T any] struct {
	do func(T)
	// places holds a token for each task that runs.
	places chan struct{}
	// tasks hands one to a goroutine that is idle.
	tasks   chan T
	running sync.WaitGroup

	mu     sync.Mutex
	idle   int
	ready  []T // resumed and without a place, first come, first served
	closed bool
}

// New makes a pool of up to most goroutines, which start as they are needed.
func New[T any](most int, do func(T)) *Pool[T] {
	return &Pool[T]{do: do, places: make(chan struct{}, most), tasks: make(chan T)}
}

// Hand gives a task to a goroutine, waiting for a free one. It returns false,
// and the task is the caller's still, if ctx ends first.
func (p *Pool[T]) Hand(ctx context.Context, task T) bool {
	select {
	case p.places <- struct{}{}:
	default:
		select {
		case p.places <- struct{}{}:
		case <-ctx.Done():
			return false
		}
	}
	p.start(task)
	return true
}

// Resume gives a task to a goroutine and never waits: where none is free, the
// task is the next of the first that is. It returns false, and the task is the
// caller's still, once Close was called.
func (p *Pool[T]) Resume(task T) bool {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return false
	}
	select {
	case p.places <- struct{}{}:
		p.mu.Unlock()
		p.start(task)
	default:
		p.ready = append(p.ready, task)
		p.mu.Unlock()
	}
	return true
}

// Running is how many places are taken.
func (p *Pool[T]) Running() int { return len(p.places) }

// start runs a task that has its place.
func (p *Pool[T]) start(task T) {
	p.mu.Lock()
	if p.idle > 0 {
		p.idle--
		p.mu.Unlock()
		p.tasks <- task // somebody waits for it
		return
	}
	p.mu.Unlock()
	p.running.Go(func() { p.work(task) })
}

func (p *Pool[T]) work(task T) {
	for ok := true; ok; {
		p.do(task)
		if task, ok = p.next(); ok {
			continue
		}
		task, ok = <-p.tasks
	}
}

// next is the task that waits longest. Where none does, it gives the place back
// and counts the caller as idle.
func (p *Pool[T]) next() (task T, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ready) == 0 {
		<-p.places
		p.idle++
		return task, false
	}
	task = p.ready[0]
	var none T
	p.ready[0] = none
	if p.ready = p.ready[1:]; len(p.ready) == 0 {
		p.ready = nil
	}
	return task, true
}

// Close takes no more tasks and returns when all are done. Nothing may be handed
// to a pool that is closed.
func (p *Pool[T]) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.places) { // nobody runs a task, and none is ready
		p.places <- struct{}{}
	}
	close(p.tasks)
	p.running.Wait()
}
