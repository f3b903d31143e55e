// Package producer publishes events straight to Posthaste's EVENTS stream on
// NATS JetStream. It is for producers inside the network; others POST to the
// ingest service.
//
// An event goes out as a protobuf posthaste.v1.Event on
// events.<tenant>.<type>. Its Nats-Msg-Id is eventid.MsgID, so publishing it
// again, by a retry or after a crash, adds nothing while the stream remembers
// it. The trace of the caller travels along in the headers.
package producer
