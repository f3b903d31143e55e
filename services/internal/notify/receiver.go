package notify

import (
	"context"
	"errors"
	"net/url"

	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// receiver is one URL of the operator's.
type receiver struct {
	name   string // for logs
	scheme string
	url    *url.URL
	// slots bound what is on its way to the URL at once. A service sends one
	// message at a time, for some of shoutrrr's cannot do more; nil stands for
	// one that is not made yet.
	slots chan types.Service
}

// slots is how many messages are on their way to one URL at once. shoutrrr
// has no way to end a send, so those that hang stay in their slots, and once
// all do the URL is left alone until one returns.
const slots = 8

func newReceiver(text string) (*receiver, error) {
	u, scheme, err := parse(text)
	if err != nil {
		return nil, err
	}
	if err := check(scheme, u); err != nil {
		return nil, err
	}
	r := &receiver{scheme: scheme, url: u, slots: make(chan types.Service, slots)}
	for range slots {
		r.slots <- nil
	}
	return r, nil
}

// What the operator reads of a send that ran out of time.
var (
	errSlow = errors.New("no answer in time")
	errBusy = errors.New("earlier messages to it still hang")
)

// send gives the message to the service and waits until ctx ends. A send that
// took longer goes on without being waited for; sent is called wherever one
// ends well. The error holds nothing of the URL.
func (r *receiver) send(ctx context.Context, m message, sent func()) error {
	var service types.Service
	select {
	case service = <-r.slots:
	case <-ctx.Done():
		return errBusy
	}
	result := make(chan error, 1)
	go func() {
		service, err := r.use(service, m)
		if err == nil {
			sent()
		}
		r.slots <- service
		result <- err
	}()
	select {
	case err := <-result:
		return cause(err)
	case <-ctx.Done():
		return errSlow
	}
}

// use returns the service for the next message; nil after an error, for it may
// have lost its login.
func (r *receiver) use(service types.Service, m message) (types.Service, error) {
	if service == nil {
		var err error
		if service, err = build(r.scheme, r.url); err != nil {
			return nil, err
		}
	}
	text, params := m.as(r.scheme)
	if err := service.Send(text, &params); err != nil {
		return nil, err
	}
	return service, nil
}
