// Package workers runs tasks on a bounded number of goroutines that are kept.
//
// A goroutine for each task would grow its stack anew each time; on the way of
// a delivery that cost 7 % of the CPU.
package workers

import (
	"context"
	"sync"
)

// Pool runs do on up to a number of tasks at once. Hand and Close are for one
// goroutine.
type Pool[T any] struct {
	do      func(T)
	tasks   chan T
	most    int
	started int
	running sync.WaitGroup
}

// New makes a pool of up to most goroutines, which start as they are needed.
func New[T any](most int, do func(T)) *Pool[T] {
	return &Pool[T]{do: do, tasks: make(chan T), most: most}
}

// Hand gives a task to a goroutine, waiting for a free one. It returns false,
// and the task is the caller's still, if ctx ends first.
func (p *Pool[T]) Hand(ctx context.Context, task T) bool {
	select {
	case p.tasks <- task: // somebody is free
		return true
	default:
	}
	if p.started < p.most {
		p.started++
		p.running.Go(func() { p.work(task) })
		return true
	}
	select {
	case p.tasks <- task:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *Pool[T]) work(task T) {
	p.do(task)
	for task := range p.tasks {
		p.do(task)
	}
}

// Close takes no more tasks and returns when all are done.
func (p *Pool[T]) Close() {
	close(p.tasks)
	p.running.Wait()
}
