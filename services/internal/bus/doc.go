// Package bus is Posthaste's use of NATS JetStream: the names of the streams,
// subjects and buckets, how they are provisioned, and how messages are
// published and consumed. Nothing else names a stream or a subject.
package bus
