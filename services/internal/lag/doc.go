// Package lag tells in metrics what waits in the streams: what each consumer has
// before it, how old the oldest delivery of a lane is, how many deliveries each
// tier of the delay line holds.
//
// Every control asks JetStream, by some twenty small requests each time, so all of
// them tell the same. While JetStream does not answer nothing is told: an old
// number would look like a calm one.
package lag
