// Package e2e holds the tests from outside: they build posthaste, run it as
// processes beside a real nats-server and redis-server, publish as producers
// do, and receive as endpoints do, with the official Standard Webhooks library.
// It has no code of its own.
//
// Where redis-server is not on PATH, the embedded Redis stands in for it. The
// tests of an outage of Redis and of GitHub's payloads are then skipped, each
// with its reason, as everything is by go test -short.
package e2e
