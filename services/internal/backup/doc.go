// Package backup copies the streams and buckets into files, and makes them of
// such files again, by JetStream's own snapshots: messages, sequences, and how far
// each consumer is.
//
// It is taken while services run. The streams are copied one after the other,
// against no common moment, in an order by which what moves between them meanwhile
// is copied twice rather than not at all: what is upstream first. Only the delay
// line leads back; its consumers are paused while it and DELIVERIES are copied.
package backup
