package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/posthaste/posthaste/pkg/client"
)

// exampleServer stands for Posthaste.
func exampleServer() *httptest.Server {
	mux := http.NewServeMux()
	for route, body := range map[string]string{
		"POST /v1/events":                             `{"data":[{"id":"order-17","duplicate":false}]}`,
		"POST /v1/event-subscriptions":                `{"data":{"id":"evsub_1","secret":"whsec_c2VjcmV0","status":"active"}}`,
		"GET /v1/deliveries":                          `{"data":[{"id":"d1","eventType":"task.created","reason":"timeout"}]}`,
		"POST /v1/deliveries/d1/redeliver":            `{"data":{"deliveryId":"d1","round":"r1"}}`,
		"PUT /v1/webhook":                             `{"url":"https://example.com/hook","secret":"whsec_c2VjcmV0","enabled":true}`,
		"POST /v1/event-subscriptions/evsub_1/replay": `{"data":{"id":"rp_1","status":"running"}}`,
		"GET /v1/replays/rp_1":                        `{"data":{"id":"rp_1","status":"done","delivered":3}}`,
	} {
		mux.HandleFunc(route, answer(http.StatusOK, body))
	}
	mux.HandleFunc("GET /v1/events/stream", frames(1))
	mux.HandleFunc("/", answer(http.StatusNotFound, `{"error":{"code":"not_found","message":"There is no such subscription."}}`))
	return httptest.NewServer(mux)
}

// exampleClient is client.New("https://posthaste.example.com", key) in real
// life.
func exampleClient() (c *client.Client, done func()) {
	server := exampleServer()
	c, err := client.New(server.URL, "my-key")
	if err != nil {
		panic(err)
	}
	return c, server.Close
}

func ExampleEventsService_Send() {
	c, done := exampleClient()
	defer done()
	sent, _, err := c.Events.Send(context.Background(), client.NewEvent{
		ID: "order-17", Type: "task.created", Data: map[string]string{"taskId": "t1"},
	})
	fmt.Println(sent.ID, sent.Duplicate, err)
	// Output: order-17 false <nil>
}

func ExampleEventSubscriptionsService_Create() {
	c, done := exampleClient()
	defer done()
	sub, err := c.EventSubscriptions.Create(context.Background(), client.CreateEventSubscription{
		URL: "https://example.com/hook", EventTypes: []string{"task.*"},
	})
	// The secret is told once. It hides itself when it is printed.
	fmt.Println(sub.ID, sub.Secret, sub.Secret.Reveal(), err)
	// Output: evsub_1 [secret] whsec_c2VjcmV0 <nil>
}

func ExampleDeliveriesService_All() {
	c, done := exampleClient()
	defer done()
	ctx := context.Background()
	for d, err := range c.Deliveries.All(ctx, client.ListDeliveries{Status: client.DeliveryFailed}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		again, err := c.Deliveries.Redeliver(ctx, d.ID)
		fmt.Println(d.EventType, d.Reason, again.Round, err)
	}
	// Output: task.created timeout r1 <nil>
}

func ExampleReplaysService_Wait() {
	c, done := exampleClient()
	defer done()
	ctx := context.Background()
	r, err := c.EventSubscriptions.Replay(ctx, "evsub_1", client.ReplayRequest{Only: []string{client.OnlyMissed}})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err = c.Replays.Wait(ctx, r.ID, nil)
	fmt.Println(r.Status, r.Delivered, err)
	// Output: done 3 <nil>
}

func ExampleEventsService_Stream() {
	c, done := exampleClient()
	defer done()
	errSeen := errors.New("that is enough")
	err := c.Events.Stream(context.Background(), client.StreamOptions{Types: []string{"a"}}, func(e client.Event) error {
		fmt.Println(e.ID, string(e.Data))
		return errSeen
	})
	fmt.Println(err)
	// Output:
	// e1 {"n":1}
	// that is enough
}

func ExampleClient_RegisterWebhook() {
	c, done := exampleClient()
	defer done()
	w, err := c.RegisterWebhook(context.Background(), "https://example.com/hook")
	fmt.Println(w.URL, w.Enabled, err)
	// Output: https://example.com/hook true <nil>
}

func ExampleError() {
	c, done := exampleClient()
	defer done()
	_, err := c.EventSubscriptions.Get(context.Background(), "evsub_2")
	fmt.Println(errors.Is(err, client.ErrNotFound))
	fmt.Println(err)
	// Output:
	// true
	// GET /v1/event-subscriptions/evsub_2: 404 not_found: There is no such subscription.
}
