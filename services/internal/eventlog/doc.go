// Package eventlog reads what is in the stream EVENTS: a tenant's events page
// by page, those to come, and one by its place. Polling, the live stream and
// replays read through it.
//
// A cursor is the sequence of an event in EVENTS. To read on from a cursor
// gives what was stored after it.
package eventlog
