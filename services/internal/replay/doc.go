// Package replay delivers events that are still in EVENTS once more to one
// subscription.
//
// A replay is a record in a KV bucket. Any number of Runners share them: one of
// them holds a replay's lease, and another takes over where it dies. It makes
// the deliveries batch by batch and notes in the record how far it is once
// JetStream has them. A Runner that dies in between leaves a batch to be made
// again, with the same ids: the stream drops what it has.
package replay
